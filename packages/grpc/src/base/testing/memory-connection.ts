/** Two connected {@link ByteConnection}s in memory, which cut what they carry as a test likes. */
import type { ByteConnection, ByteConnectionHandler } from '../byte-connection.js';
import type { Clock } from '../clock.js';

export interface MemoryOptions {
  /** How many of the bytes that wait are handed out next; all by default. */
  readonly chunk?: (waitingBytes: number) => number;
  /** Queued bytes above which `write` answers false. */
  readonly highWaterBytes?: number;
  readonly delayMs?: number;
}

/** One end. What is written is copied, so nothing here holds on to a writer's memory. */
export class MemoryConnection implements ByteConnection {
  readonly remote = 'memory';
  handler: ByteConnectionHandler | undefined = undefined;
  /** Calls of `write` and `writeAll`, for tests of P12. */
  writes = 0;
  writtenBytes = 0;
  isClosed = false;
  peer: MemoryConnection | undefined = undefined;
  readonly #clock: Clock;
  readonly #options: MemoryOptions;
  #waiting: Uint8Array[] = [];
  #queuedBytes = 0;
  #isEnding = false;
  #isEndSent = false;
  #isPaused = false;
  #wantsDrain = false;
  #isScheduled = false;

  constructor(clock: Clock, options: MemoryOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    return this.writeAll([bytes]);
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    if (this.isClosed || this.#isEnding) return true;
    this.writes += 1;
    for (const chunk of chunks) {
      this.#waiting.push(Uint8Array.from(chunk));
      this.#queuedBytes += chunk.length;
      this.writtenBytes += chunk.length;
    }
    this.#schedule();
    this.#wantsDrain = this.#queuedBytes > (this.#options.highWaterBytes ?? 1 << 20);
    return !this.#wantsDrain;
  }

  end(): void {
    this.#isEnding = true;
    this.#schedule();
  }

  destroy(): void {
    if (this.isClosed) return;
    const peer = this.peer;
    this.#close(undefined);
    peer?.lose();
  }

  /** The connection breaks, as this end sees it. */
  lose(): void {
    if (!this.isClosed) this.#close(this.#isEndSent ? undefined : new Error('connection reset'));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.peer !== undefined) this.peer.#schedule();
  }

  #close(error: Error | undefined): void {
    this.isClosed = true;
    this.#waiting = [];
    this.#queuedBytes = 0;
    this.#clock.setTimer(0, () => this.handler?.onClose(error));
  }

  #schedule(): void {
    if (this.#isScheduled || this.isClosed) return;
    this.#isScheduled = true;
    this.#clock.setTimer(this.#options.delayMs ?? 0, () => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const peer = this.peer;
    if (this.isClosed || peer === undefined || peer.#isPaused || peer.isClosed) return;
    const bytes = this.#take();
    if (bytes.length > 0) peer.handler?.onData(bytes);
    // A view is valid during the call only: whoever keeps it will see this.
    bytes.fill(0xee);
    if (this.#queuedBytes > 0) this.#schedule();
    else this.#onEmpty(peer);
  }

  #onEmpty(peer: MemoryConnection): void {
    if (this.#wantsDrain) {
      this.#wantsDrain = false;
      this.handler?.onDrain();
    }
    if (!this.#isEnding || this.#isEndSent || this.#queuedBytes > 0) return;
    this.#isEndSent = true;
    peer.handler?.onEnd();
    if (!peer.#isEndSent) return;
    peer.#close(undefined);
    this.#close(undefined);
  }

  /** Several writes come out in one chunk, one write in several, as on a socket. */
  #take(): Uint8Array {
    const wanted = Math.max(
      1,
      Math.min(this.#queuedBytes, this.#options.chunk?.(this.#queuedBytes) ?? this.#queuedBytes),
    );
    if (this.#queuedBytes === 0) return new Uint8Array(0);
    const taken = new Uint8Array(wanted);
    let length = 0;
    while (length < wanted) {
      const first = this.#waiting[0] ?? new Uint8Array(0);
      const part = first.subarray(0, wanted - length);
      taken.set(part, length);
      length += part.length;
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
    }
    this.#queuedBytes -= length;
    return taken;
  }
}

/** A connected pair. */
export function createMemoryPair(
  clock: Clock,
  options: MemoryOptions = {},
): readonly [MemoryConnection, MemoryConnection] {
  const a = new MemoryConnection(clock, options);
  const b = new MemoryConnection(clock, options);
  a.peer = b;
  b.peer = a;
  return [a, b];
}
