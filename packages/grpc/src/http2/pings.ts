/** PING frames of ours that wait for their answers (RFC 9113 section 6.7). */
import type { Runtime } from '../base/runtime.js';
import { type Expiring, WheelTimer } from '../base/timer-wheel.js';
import { ErrorCode, Http2Error } from './error-code.js';
import { readU32, writeU32 } from './frame.js';
import type { Output } from './output.js';

const PING_BYTES = 8;
/** First half of our payloads, so that a stray answer is none of ours. */
const MARK = 0x6b766f72;

interface Waiting {
  readonly id: number;
  readonly sentMs: number;
  readonly timer: WheelTimer;
  readonly resolve: (roundTripMs: number) => void;
  readonly reject: (error: Error) => void;
}

/** Pings of one connection. */
export class Pings implements Expiring {
  readonly #runtime: Runtime;
  readonly #output: Output;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(runtime: Runtime, output: Output, timeoutMs: number) {
    this.#runtime = runtime;
    this.#output = output;
    this.#timeoutMs = timeoutMs;
  }

  /** Writes a PING. */
  send(): Promise<number> {
    return new Promise((resolve, reject) => this.#send(resolve, reject));
  }

  /** Writes a PING and calls `run` when its answer has come, or when that takes too long. */
  sendThen(run: () => void): void {
    this.#send(run, run);
  }

  onAck(bytes: Uint8Array, at: number): void {
    if (readU32(bytes, at) !== MARK) return;
    const waiting = this.#take(readU32(bytes, at + 4));
    waiting?.resolve(this.#runtime.clock.now() - waiting.sentMs);
  }

  onExpired(timer: WheelTimer): void {
    for (const { id, timer: own } of this.#waiting.values()) {
      if (own !== timer) continue;
      this.#take(id)?.reject(new Http2Error(ErrorCode.cancel, 'no answer to a PING', { limit: 'pingTimeoutMs' }));
      return;
    }
  }

  /** Nothing is answered any more. */
  close(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error);
  }

  #send(resolve: (roundTripMs: number) => void, reject: (error: Error) => void): void {
    const id = this.#nextId;
    this.#nextId += 1;
    const payload = new Uint8Array(PING_BYTES);
    writeU32(payload, 0, MARK);
    writeU32(payload, 4, id);
    this.#output.ping(payload, false);
    const timer = new WheelTimer(this);
    this.#runtime.timers.start(timer, this.#timeoutMs);
    this.#waiting.set(id, { id, sentMs: this.#runtime.clock.now(), timer, resolve, reject });
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#runtime.timers.cancel(waiting.timer);
    return waiting;
  }
}
