/** The machine's disk over `node:fs`. Every call that changes a name is separate from the sync that makes it durable (N15). */
import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Disk, DiskError, type DiskFile, type DiskSpace } from './disk.js';
import { asDiskCall, errorCode } from './disk-failure.js';
import { RealDiskFile } from './real-disk-file.js';
import { takeLock } from './real-lock.js';
import { openRealLogWriter } from './real-log-writer.js';

/** Largest file that `readFile` takes. */
const READ_FILE_BYTES_MAX = 64 * 1024 * 1024;

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

const OPEN_FLAGS = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT,
} as const;

/** The disk of this machine. Holds no state. */
export function createRealDisk(): Disk {
  return {
    makeDir: (path) => asDiskCall('makeDir', path, () => makeDir(path)),
    list: (path) => asDiskCall('list', path, async () => (await fs.readdir(path)).sort()),
    exists: (path) => asDiskCall('exists', path, () => exists(path)),
    readFile: (path) => asDiskCall('readFile', path, () => readFile(path)),
    open: (path, mode) => asDiskCall('open', path, () => open(path, mode)),
    rename: (from, to) => asDiskCall('rename', from, () => fs.rename(from, to)),
    remove: (path) => asDiskCall('remove', path, () => fs.rm(path, { recursive: true, force: true })),
    syncDir: (path) => asDiskCall('syncDir', path, () => syncDir(path)),
    space: (path) => asDiskCall('space', path, () => space(path)),
    lock: (path) => asDiskCall('lock', path, () => takeLock(path)),
    openLogWriter: openRealLogWriter,
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await fs.stat(path);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** Parents first, each new name synced in its parent before the next level is made. */
async function makeDir(path: string): Promise<void> {
  if (await exists(path)) {
    if (!(await fs.stat(path)).isDirectory()) throw new DiskError('makeDir', path, 'ENOTDIR');
    return;
  }
  const parent = dirname(path);
  if (parent !== path) await makeDir(parent);
  try {
    await fs.mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  await syncDir(parent);
}

async function readFile(path: string): Promise<Uint8Array> {
  const handle = await fs.open(path, 'r');
  try {
    if ((await handle.stat()).size > READ_FILE_BYTES_MAX) throw new DiskError('readFile', path, 'EFBIG');
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

async function open(path: string, mode: 'read' | 'write' | 'create'): Promise<DiskFile> {
  return new RealDiskFile(path, await fs.open(path, OPEN_FLAGS[mode], FILE_MODE));
}

async function syncDir(path: string): Promise<void> {
  // Windows has no sync of directories; NTFS journals names by itself.
  if (process.platform === 'win32') return;
  const handle = await fs.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function space(path: string): Promise<DiskSpace> {
  const stats = await fs.statfs(path);
  return { freeBytes: stats.bavail * stats.bsize, totalBytes: stats.blocks * stats.bsize };
}
