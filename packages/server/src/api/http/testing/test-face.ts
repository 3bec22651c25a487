/** A running HTTP face over fakes, and clients that send exactly the bytes they are told to. */
import { Buffer } from 'node:buffer';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createRealEnv } from '../../../env/real-env.js';
import { createNodeMetrics, type NodeMetrics } from '../../../env/node-metrics.js';
import { silentLog } from '../../../env/silent-log.js';
import type { Clock, Log } from '../../../env/env.js';
import { FakeNodeInfo } from '../../../service/testing/fake-node-info.js';
import { MemoryKvService } from '../../../service/testing/memory-kv-service.js';
import { type ClientPort, createClientPort } from '../../client-port.js';
import type { HttpFaceOptions } from '../options.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The `error` of a JSON error body. */
  readonly error: Record<string, unknown>;
}

export interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
}

export class TestFace {
  readonly kv = new MemoryKvService();
  readonly info = new FakeNodeInfo();
  readonly metrics: NodeMetrics = createNodeMetrics();
  readonly logged: string[] = [];
  readonly face: ClientPort;
  port = 0;
  /** What runs at intervals, by their length. */
  readonly #intervals = new Map<number, Set<() => void>>();

  constructor(options: HttpFaceOptions) {
    const { kv, info, metrics } = this;
    const clock = this.#withIntervals(createRealEnv({ log: silentLog }).clock);
    const log: Log = { ...silentLog, error: (message) => this.logged.push(message) };
    this.face = createClientPort({ kv, info, clock, log, metrics }, { port: 0, ...options });
  }

  async start(): Promise<void> {
    this.port = (await this.face.start()).address.port;
  }

  /** Runs what is due every so many milliseconds. */
  beat(intervalMs: number): void {
    for (const run of this.#intervals.get(intervalMs) ?? []) run();
  }

  /** One request on a connection of its own; the path goes out as it stands. */
  call(method: string, path: string, { headers = {}, body }: CallOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: all,
            text: all.toString('utf8'),
            get error() {
              return errorOf(all);
            },
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  open(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('error', reject);
      socket.on('connect', () => resolve(socket));
    });
  }

  #withIntervals(clock: Clock): Clock {
    return {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      setTimer: (delayMs, run) => clock.setTimer(delayMs, run),
      defer: (run) => clock.defer(run),
      setInterval: (intervalMs, run) => {
        const timer = clock.setInterval(intervalMs, run);
        const runs = this.#intervals.get(intervalMs) ?? new Set();
        this.#intervals.set(intervalMs, runs.add(run));
        return {
          cancel: () => {
            runs.delete(run);
            timer.cancel();
          },
        };
      },
    };
  }

  /** Writes the bytes and returns all that comes back until the connection ends. */
  async raw(bytes: string | Uint8Array): Promise<string> {
    const socket = await this.open();
    const answer = readToEnd(socket);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return await answer;
  }
}

/** A started face that closes with the test. */
export async function startTestFace(t: TestContext, options: HttpFaceOptions = {}): Promise<TestFace> {
  const face = new TestFace(options);
  await face.start();
  t.after(() => face.face.close());
  return face;
}

/** All bytes of a connection as latin1, when it ends in whatever way. */
export function readToEnd(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

/** Resolves when what was received so far satisfies `isEnough`. */
export function readUntil(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!isEnough(text)) return;
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text.slice(0, 500))}`)));
  });
}

function errorOf(body: Buffer): Record<string, unknown> {
  const parsed: unknown = JSON.parse(body.toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) throw new Error('no error in the body');
  const { error } = parsed;
  if (typeof error !== 'object' || error === null) throw new Error('error is no object');
  return Object.fromEntries(Object.entries(error));
}
