/**
 * A network inside one process, over any clock: hosts by name, streams with delay, and faults on command (R3). A stream only delays, stalls, is reset or
 * loses its tail. Bytes are looked at when they are delivered, not when they are written, so a sender that reuses its buffer too early is found out.
 */
import type { Clock } from '../env.js';
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  type Listener,
  type Network,
  NetworkError,
} from '../network.js';

/** Bytes that may wait in a stream before `write` answers false. */
const WRITE_MARK_BYTES = 256 * 1024;

const FIRST_FREE_PORT = 40_000;

/** When things happen on the way between hosts; a simulator gives its own. `run` belongs to the host it is for: that host may be slow to run it. */
export interface NetworkTiming {
  /** Calls `run` at host `to` when what leaves host `from` now gets there. */
  after(from: string, to: string, run: () => void): void;
  /** Calls `run` at a host after some time. */
  later(host: string, delayMs: number, run: () => void): void;
  /** How many of so many bytes that have arrived are handed over at once, ≥ 1. */
  chunkBytes(arrivedBytes: number): number;
}

/** All hosts of one test. */
export class MemoryNetwork {
  /** Time that bytes and connection attempts take one way, when no other timing was given. */
  delayMs = 0;
  readonly #timing: NetworkTiming;
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  readonly #ends = new Set<MemoryConnection>();
  readonly #cuts = new Set<string>();
  #nextPort = FIRST_FREE_PORT;

  constructor(timing: Pick<Clock, 'setTimer' | 'defer'> | NetworkTiming) {
    this.#timing = 'after' in timing ? timing : this.#clockTiming(timing);
  }

  /** The network as the host of this name sees it; others dial it under the name. */
  host(name: string): Network {
    return {
      listen: (address, onConnection) => this.#listen(address, onConnection),
      connect: (address, timeoutMs) => this.#connect(name, address, timeoutMs),
    };
  }

  /** Stops all that goes from one host to the other, until `heal`. Nothing is lost by it. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`);
  }

  /** Ends all cuts; what was held back goes on. */
  heal(): void {
    this.#cuts.clear();
    for (const end of this.#ends) end.pump();
  }

  /** Ends one cut. */
  mend(from: string, to: string): void {
    this.#cuts.delete(`${from} ${to}`);
    for (const end of this.#ends) if (end.local === from && end.remote.host === to) end.pump();
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from} ${to}`);
  }

  /** Resets every connection of the host, as the end of its process does. Across a cut the other ends don't learn of it: they are half-open. */
  resetHost(name: string): void {
    for (const end of [...this.#ends]) if (end.local === name) end.destroy();
  }

  /** Resets every connection between two hosts; what was on its way is lost. Returns how many. */
  resetLink(a: string, b: string): number {
    const ends = [...this.#ends].filter(({ local, remote }) => local === a && remote.host === b);
    for (const end of ends) end.reset();
    return ends.length;
  }

  /** The end of a host's process: its connections are reset and nobody listens there. */
  stopHost(name: string): void {
    for (const key of [...this.#listeners.keys()]) if (key.startsWith(`${name}:`)) this.#listeners.delete(key);
    this.resetHost(name);
  }

  #listen(address: Address, onConnection: (connection: Connection) => void): Promise<Listener> {
    const port = address.port === 0 ? this.#nextPort++ : address.port;
    const key = `${address.host}:${port}`;
    if (this.#listeners.has(key)) return Promise.reject(new NetworkError(`listen on ${key}: EADDRINUSE`, 'EADDRINUSE'));
    this.#listeners.set(key, onConnection);
    return Promise.resolve({
      address: { host: address.host, port },
      close: () => {
        this.#listeners.delete(key);
        return Promise.resolve();
      },
    });
  }

  #connect(from: string, address: Address, timeoutMs: number): Promise<Connection> {
    const { host, port } = address;
    const key = `${host}:${port}`;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const fail = (code: string): void => {
        isOver = true;
        reject(new NetworkError(`connect to ${key}: ${code}`, code));
      };
      this.#timing.later(from, timeoutMs, () => fail('ETIMEDOUT'));
      if (this.isCut(from, host) || this.isCut(host, from)) return;
      this.#timing.after(from, host, () => {
        const accept = this.#listeners.get(key);
        if (accept === undefined) {
          this.#timing.after(host, from, () => fail('ECONNREFUSED'));
          return;
        }
        const near = new MemoryConnection(from, { host, port }, this.#surroundings());
        const far = new MemoryConnection(host, { host: from, port: this.#nextPort++ }, this.#surroundings());
        near.join(far);
        far.join(near);
        accept(far);
        this.#timing.after(host, from, () => {
          if (isOver) near.destroy();
          else resolve(near);
        });
      });
    });
  }

  #surroundings(): Surroundings {
    return {
      timing: this.#timing,
      isCut: (from, to) => this.isCut(from, to),
      opened: (end) => this.#ends.add(end),
      closed: (end) => this.#ends.delete(end),
    };
  }

  #clockTiming(clock: Pick<Clock, 'setTimer' | 'defer'>): NetworkTiming {
    return {
      after: (_from, _to, run) => {
        if (this.delayMs === 0) clock.defer(run);
        else clock.setTimer(this.delayMs, run);
      },
      later: (_host, delayMs, run) => {
        clock.setTimer(delayMs, run);
      },
      chunkBytes: (arrivedBytes) => arrivedBytes,
    };
  }
}

interface Surroundings {
  readonly timing: NetworkTiming;
  isCut(from: string, to: string): boolean;
  opened(end: MemoryConnection): void;
  closed(end: MemoryConnection): void;
}

/** Bytes on their way, or the end of the stream. */
interface Parcel {
  bytes: Uint8Array | 'end';
  hasArrived: boolean;
}

/** One end of a stream. */
export class MemoryConnection implements Connection {
  readonly local: string;
  readonly remote: Address;
  /** Calls of `write` so far. */
  writes = 0;
  readonly #around: Surroundings;
  #far: MemoryConnection | undefined;
  #handler: ConnectionHandler | undefined;
  /** Written here, not yet taken by the other end. */
  #queue: Parcel[] = [];
  #queuedBytes = 0;
  #isFull = false;
  #isEnding = false;
  #isPaused = false;
  #isClosed = false;
  #closeError: NetworkError | undefined;
  #isCloseTold = false;

  constructor(local: string, remote: Address, around: Surroundings) {
    this.local = local;
    this.remote = remote;
    this.#around = around;
    around.opened(this);
  }

  join(far: MemoryConnection): void {
    this.#far = far;
  }

  setHandler(handler: ConnectionHandler): void {
    if (this.#handler !== undefined) throw new Error('a connection has one handler');
    this.#handler = handler;
    // It may have been lost before anybody took it.
    if (this.#isClosed) this.#tellClosedLater();
    else this.#far?.pump();
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnding) return false;
    this.writes += 1;
    this.#queuedBytes += bytes.length;
    this.#isFull = this.#queuedBytes >= WRITE_MARK_BYTES;
    this.#send(bytes);
    return !this.#isFull;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#far?.pump();
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#send('end');
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#close(undefined);
    this.#tellReset();
  }

  /** The connection breaks: both ends learn of it, or only this one across a cut. */
  reset(): void {
    if (this.#isClosed) return;
    this.#close(new NetworkError('ECONNRESET', 'ECONNRESET'));
    this.#tellReset();
  }

  /** Hands on what has arrived, after the delay. */
  pump(): void {
    if (this.#isClosed || this.#queue.length === 0) return;
    this.#after(() => this.#deliver());
  }

  #send(bytes: Uint8Array | 'end'): void {
    const parcel: Parcel = { bytes, hasArrived: false };
    this.#queue.push(parcel);
    this.#after(() => {
      parcel.hasArrived = true;
      this.#deliver();
    });
  }

  #tellReset(): void {
    const far = this.#far;
    if (far === undefined || this.#around.isCut(this.local, far.local)) return;
    this.#after(() => far.#close(new NetworkError('ECONNRESET', 'ECONNRESET')));
  }

  /** Runs at the other end. */
  #after(run: () => void): void {
    this.#around.timing.after(this.local, this.remote.host, run);
  }

  /** Runs at the other end: parcels arrive in order, whatever time each took. */
  #deliver(): void {
    const far = this.#far;
    if (far === undefined || this.#isClosed || this.#around.isCut(this.local, far.local)) return;
    // Nobody is there any more, and across a cut this end could not learn of it before.
    if (far.#isClosed) return far.#tellReset();
    while (!far.#isPaused && far.#handler !== undefined && !far.#isClosed) {
      const parcel = this.#queue[0];
      if (parcel === undefined || !parcel.hasArrived) break;
      if (parcel.bytes === 'end') {
        this.#queue.shift();
        far.#onFarEnd();
        return;
      }
      const isWhole = this.#handOver(far.#handler, parcel, parcel.bytes);
      if (!isWhole) return this.pump();
    }
    if (this.#isFull && this.#queuedBytes === 0 && !this.#isClosed) {
      this.#isFull = false;
      this.#around.timing.after(far.local, this.local, () => {
        if (!this.#isClosed) this.#handler?.onDrain();
      });
    }
  }

  /** Gives the handler a piece of the first parcel; answers whether that was all of it. */
  #handOver(handler: ConnectionHandler, parcel: Parcel, bytes: Uint8Array): boolean {
    const count = Math.min(bytes.length, this.#around.timing.chunkBytes(bytes.length));
    const isWhole = count === bytes.length;
    if (isWhole) this.#queue.shift();
    else parcel.bytes = bytes.subarray(count);
    this.#queuedBytes -= count;
    // A view that dies with the call, as a socket's receive buffer does.
    const view = bytes.slice(0, count);
    handler.onData(view);
    view.fill(0xdd);
    return isWhole;
  }

  /** The other side sends no more: this side sends its rest and closes too. */
  #onFarEnd(): void {
    if (this.#isClosed) return;
    if (this.#queue.every(({ bytes }) => bytes === 'end')) {
      const far = this.#far;
      this.#close(undefined);
      if (far !== undefined) far.#close(undefined);
      return;
    }
    this.end();
  }

  #close(error: NetworkError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#around.closed(this);
    this.#closeError = error;
    this.#tellClosedLater();
  }

  /** Tells the handler that the connection is closed: once, and not before there is one. */
  #tellClosedLater(): void {
    this.#around.timing.later(this.local, 0, () => {
      if (this.#handler === undefined || this.#isCloseTold) return;
      this.#isCloseTold = true;
      this.#handler.onClose(this.#closeError);
    });
  }
}
