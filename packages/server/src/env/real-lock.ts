/**
 * An exclusive lock on a directory, dropped by the system however its holder ends. Node has no flock, so each system gives what it has
 * (docs/adr/directory-lock.md):
 *
 * - Linux: a listening Unix socket file. Whether somebody listens is asked from the kernel by connecting, so a left-over file of a dead
 *   process is told from a living one without pids, across containers too. A starter first publishes its own listening socket under a
 *   name nobody used before, then looks at all the others: of two starters the one that looks last sees the other, so never do both
 *   go on (they may both give up). A name is published by rename only once its socket listens, hence a refused connection means dead, for
 *   good, and such a name may be removed by anyone.
 * - macOS, BSD, Windows: opening a file with the system's exclusive-lock flag.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { DiskLock } from './disk.js';
import { errorCode } from './disk-failure.js';

/** `O_EXLOCK` of macOS and the BSDs, and libuv's flag of the same meaning on Windows; `fs.constants` names neither. */
const BSD_O_EXLOCK = 0x20;
const WINDOWS_O_EXLOCK = 0x10000000;

/** Takes the lock, or answers undefined when it is held. Throws system errors. */
export function takeLock(path: string): Promise<DiskLock | undefined> {
  return process.platform === 'linux' ? takeSocketLock(path) : takeFileLock(path);
}

async function takeSocketLock(path: string): Promise<DiskLock | undefined> {
  const name = `${basename(path)}-${randomBytes(8).toString('hex')}`;
  const directory = dirname(path);
  const handle = await fs.open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  // A socket's path may have 107 bytes, a data directory more: go through the open directory.
  const short = (file: string) => `/proc/self/fd/${handle.fd}/${file}`;
  let server: Server | undefined;
  async function release(): Promise<void> {
    if (server === undefined) return;
    const closing = server;
    server = undefined;
    await fs.rm(join(directory, name), { force: true });
    await new Promise<void>((resolve) => closing.close(() => resolve()));
    await handle.close();
  }
  try {
    const hidden = `.${name}`;
    server = await listen(short(hidden));
    await fs.rename(join(directory, hidden), join(directory, name));
    const prefix = `${basename(path)}-`;
    for (const other of await fs.readdir(directory)) {
      if (!other.startsWith(prefix) || other === name) continue;
      if (await isListening(short(other))) {
        await release();
        return undefined;
      }
      await fs.rm(join(directory, other), { force: true });
    }
    return { release };
  } catch (error) {
    if (server === undefined) await handle.close();
    else await release();
    throw error;
  }
}

/** `exclusive`, or a worker of `node:cluster` would share the listener of its parent. */
function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.destroy();
    });
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      server.unref();
      resolve(server);
    });
  });
}

/** Only a refusal, or a name that is gone, means that nobody holds it; when in doubt somebody does. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error) => {
      const code = errorCode(error);
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

async function takeFileLock(path: string): Promise<DiskLock | undefined> {
  const exclusive = process.platform === 'win32' ? WINDOWS_O_EXLOCK : BSD_O_EXLOCK | constants.O_NONBLOCK;
  try {
    const handle = await fs.open(path, constants.O_RDWR | constants.O_CREAT | exclusive, 0o600);
    let isHeld = true;
    return {
      async release() {
        if (!isHeld) return;
        isHeld = false;
        await handle.close();
      },
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EBUSY') return undefined;
    throw error;
  }
}
