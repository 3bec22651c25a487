/**
 * How another terminal reaches a running demo: a socket in the demo's directory, one JSON line each way. Holding the socket is also what
 * keeps a second demo out of the same directory.
 */
import { createHash } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { CommandError } from '../command-error.js';
import { type ExitName, exitCodes } from '../exit-codes.js';
import { toCommandError } from '../output.js';

const request = z.object({
  command: z.enum(['start', 'stop', 'kill', 'info']),
  node: z.union([z.number().int(), z.literal('leader')]).optional(),
});
export type ControlRequest = z.infer<typeof request>;

const answer = z.union([
  z.object({ ok: z.literal(true), message: z.string(), node: z.number().optional() }),
  z.object({
    ok: z.literal(false),
    error: z.object({ exit: z.string(), code: z.string(), message: z.string(), hint: z.string().optional() }),
  }),
]);
export type ControlDone = Extract<z.infer<typeof answer>, { ok: true }>;
type ControlAnswer = z.infer<typeof answer>;

/** System limit on the path of a socket, with room for every system's own. */
const socketPathBytesMax = 100;
/** A request line is never longer. */
const requestBytesMax = 4096;
const connectTimeoutMs = 2000;

/** Where the demo in `dir` listens. */
export function controlPath(dir: string): string {
  const id = createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\kvorum-demo-${id}`;
  const path = join(dir, 'control');
  return Buffer.byteLength(path) <= socketPathBytesMax ? path : join(tmpdir(), `kvorum-demo-${id}`);
}

export interface ControlServer {
  /** True when a demo before this one was killed in this directory. */
  readonly wasStale: boolean;
  close(): Promise<void>;
}

/** Listens for requests. Fails with a {@link CommandError} when a demo already runs in `dir`. */
export async function listenControl(
  dir: string,
  handle: (request: ControlRequest) => Promise<ControlDone>,
): Promise<ControlServer> {
  const path = controlPath(dir);
  const server = createServer((socket) => serve(socket, handle));
  let wasStale = false;
  try {
    await listen(server, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    await refuseIfAlive(dir);
    // Nobody answers: the demo that made the socket was killed.
    wasStale = true;
    await rm(path, { force: true });
    await listen(server, path);
  }
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return {
    wasStale,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

/** Sends one request to the demo in `dir`. Fails with a {@link CommandError} when none runs there or it refuses. */
export async function sendControl(dir: string, sent: ControlRequest): Promise<ControlDone> {
  const socket = await connect(controlPath(dir));
  if (socket === undefined) {
    throw new CommandError('failed', `no demo runs in ${dir}`, {
      code: 'NO_DEMO',
      hint: 'Start one with: kvorum demo (in the same folder, or with the same --dir)',
    });
  }
  socket.write(`${JSON.stringify(sent)}\n`);
  const line = await firstLine(socket);
  socket.destroy();
  const told = answer.safeParse(parseJson(line)).data;
  if (told === undefined) throw new CommandError('failed', 'the demo ended before it answered', { code: 'NO_DEMO' });
  if (told.ok) return told;
  const { exit, code, message, hint } = told.error;
  throw new CommandError(isExitName(exit) ? exit : 'failed', message, { code, hint });
}

async function refuseIfAlive(dir: string): Promise<void> {
  let pid = '';
  try {
    const { message } = await sendControl(dir, { command: 'info' });
    pid = ` (${message})`;
  } catch (error) {
    if (error instanceof CommandError && error.code === 'NO_DEMO') return;
  }
  throw new CommandError('cannotStart', `a demo already runs in ${dir}${pid}`, {
    code: 'DEMO_RUNNING',
    hint: 'Use it, end it with Ctrl-C in its terminal, or choose another directory with --dir and other ports with --port.',
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      done();
    });
  });
}

function serve(socket: Socket, handle: (request: ControlRequest) => Promise<ControlDone>): void {
  // A caller that goes away in the middle is its own affair.
  socket.on('error', () => socket.destroy());
  void firstLine(socket)
    .then((line) => answerTo(line, handle))
    .then((told) => socket.end(`${JSON.stringify(told)}\n`));
}

async function answerTo(
  line: string,
  handle: (request: ControlRequest) => Promise<ControlDone>,
): Promise<ControlAnswer> {
  try {
    const asked = request.safeParse(parseJson(line)).data;
    if (asked === undefined) throw new CommandError('usage', 'not a request to a demo');
    return await handle(asked);
  } catch (error) {
    const { exit, code, message, hint } = toCommandError(error);
    return { ok: false, error: { exit, code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}

/** A connection, or undefined when nobody listens. */
function connect(path: string): Promise<Socket | undefined> {
  return new Promise((done) => {
    const socket = createConnection(path);
    socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error('timeout')));
    socket.once('error', () => done(undefined));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.on('error', () => socket.destroy());
      done(socket);
    });
  });
}

/** The first line that arrives, or what there was of it. */
function firstLine(socket: Socket): Promise<string> {
  return new Promise((done) => {
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > requestBytesMax) socket.destroy();
    });
    const lines = createInterface({ input: socket });
    lines.once('line', done);
    lines.once('close', () => done(''));
    socket.once('close', () => done(''));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isExitName(text: string): text is ExitName {
  return Object.hasOwn(exitCodes, text);
}
