/**
 * Durable appends on a thread of their own (log-writer-worker.ts). The request travels in shared memory, the answer as a message, which
 * wakes this thread's loop. A worker that fails or ends answers the append under way with an error and refuses every later one.
 */
import * as fs from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { DiskError, type LogAppend, type LogWriter } from './disk.js';
import { asDiskCall } from './disk-failure.js';
import {
  CONTROL_BYTES,
  type MemoryMessage,
  ONE_SHOT,
  POSITION_BYTE,
  WORD,
  type WorkerMessage,
} from './log-writer-shared.js';

/** Starts the thread; resolves when it waits for work. */
export async function openRealLogWriter(): Promise<LogWriter> {
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  // Without execArgv the worker would inherit flags of the host (`--test`, loaders) that it has no use for.
  const worker = new Worker(new URL('./log-writer-worker.js', import.meta.url), { workerData: control, execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: unknown) => reject(new DiskError('openLogWriter', '', 'EWORKER', cause));
    worker.once('error', refuse);
    worker.once('message', () => {
      worker.off('error', refuse);
      resolve();
    });
  });
  return new RealLogWriter(worker, control);
}

class RealLogWriter implements LogWriter {
  readonly #worker: Worker;
  readonly #words: Int32Array;
  readonly #position: Float64Array;
  readonly #files = new Map<string, fs.FileHandle>();
  readonly #memories = new Map<ArrayBufferLike, number>();
  readonly #exited: Promise<void>;
  #pending: { readonly path: string; readonly done: (error: DiskError | undefined) => void } | undefined;
  #idle: (() => void) | undefined;
  #failure: DiskError | undefined;
  #closing: Promise<void> | undefined;

  constructor(worker: Worker, control: SharedArrayBuffer) {
    this.#worker = worker;
    this.#words = new Int32Array(control);
    this.#position = new Float64Array(control, POSITION_BYTE, 1);
    worker.on('message', (message: WorkerMessage) => this.#onMessage(message));
    worker.on('error', (cause) => this.#onWorkerGone(cause));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#onWorkerGone(undefined);
        resolve();
      });
    });
  }

  allocate(byteLength: number): Uint8Array {
    const buffer = new SharedArrayBuffer(byteLength);
    const memory = this.#memories.size + 1;
    this.#memories.set(buffer, memory);
    this.#post({ memory, buffer });
    return new Uint8Array(buffer);
  }

  async openFile(path: string): Promise<void> {
    if (this.#files.has(path)) return;
    const handle = await asDiskCall('open', path, () => fs.open(path, 'r+'));
    this.#files.set(path, handle);
  }

  async closeFile(path: string): Promise<void> {
    const handle = this.#files.get(path);
    this.#files.delete(path);
    if (handle !== undefined) await asDiskCall('close', path, () => handle.close());
  }

  append(request: LogAppend, done: (error: DiskError | undefined) => void): void {
    const handle = this.#files.get(request.path);
    if (this.#pending !== undefined) throw new Error('an append is under way');
    if (handle === undefined) throw new Error(`${request.path} is not open`);
    this.#pending = { path: request.path, done };
    if (this.#failure !== undefined || this.#closing !== undefined) {
      const refusal = this.#failure ?? new DiskError('append', request.path, 'ECLOSED');
      setImmediate(() => this.#finish(refusal));
      return;
    }
    const { bytes } = request;
    const memory = this.#memories.get(bytes.buffer);
    if (memory === undefined) this.#post({ memory: ONE_SHOT, buffer: toShared(bytes) });
    const words = this.#words;
    words[WORD.fd] = handle.fd;
    words[WORD.memory] = memory ?? ONE_SHOT;
    words[WORD.offset] = memory === undefined ? 0 : bytes.byteOffset;
    words[WORD.length] = bytes.length;
    this.#position[0] = request.position;
    this.#raise();
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    if (this.#pending !== undefined) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#words[WORD.isClosing] = 1;
    this.#raise();
    await this.#exited;
    for (const path of [...this.#files.keys()]) await this.closeFile(path);
  }

  /** The atomic add publishes the plain writes before it. */
  #raise(): void {
    Atomics.add(this.#words, WORD.request, 1);
    Atomics.notify(this.#words, WORD.request);
  }

  #post(message: MemoryMessage): void {
    this.#worker.postMessage(message);
  }

  #onMessage(message: WorkerMessage): void {
    if (message.kind === 'ready') return;
    if (message.kind === 'done') return this.#finish(undefined);
    const path = this.#pending?.path ?? '';
    this.#failure = new DiskError(message.operation, path, message.code, new Error(message.message));
    this.#finish(this.#failure);
  }

  #onWorkerGone(cause: unknown): void {
    this.#failure ??= new DiskError('append', this.#pending?.path ?? '', 'EWORKER', cause);
    this.#finish(this.#failure);
  }

  #finish(error: DiskError | undefined): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.done(error);
    if (this.#pending === undefined) this.#idle?.();
  }
}

function toShared(bytes: Uint8Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}
