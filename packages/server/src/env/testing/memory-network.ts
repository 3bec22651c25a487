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

/** All hosts of one test. */
export class MemoryNetwork {
  /** Time that bytes and connection attempts take one way. */
  delayMs = 0;
  readonly #clock: Clock;
  readonly #listeners = new Map<string, (connection: Connection) => void>();
  readonly #ends = new Set<MemoryConnection>();
  readonly #cuts = new Set<string>();
  #nextPort = FIRST_FREE_PORT;

  constructor(clock: Clock) {
    this.#clock = clock;
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

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from} ${to}`);
  }

  /** Resets every connection of the host, as the end of its process does. Across a cut the other ends don't learn of it: they are half-open. */
  resetHost(name: string): void {
    for (const end of [...this.#ends]) if (end.local === name) end.destroy();
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
    const key = `${address.host}:${address.port}`;
    return new Promise((resolve, reject) => {
      const isCut = this.isCut(from, address.host) || this.isCut(address.host, from);
      if (isCut) {
        this.#clock.setTimer(timeoutMs, () => reject(new NetworkError(`connect to ${key}: ETIMEDOUT`, 'ETIMEDOUT')));
        return;
      }
      this.#after(2 * this.delayMs, () => {
        const accept = this.#listeners.get(key);
        if (accept === undefined) {
          reject(new NetworkError(`connect to ${key}: ECONNREFUSED`, 'ECONNREFUSED'));
          return;
        }
        const near = new MemoryConnection(from, { host: address.host, port: address.port }, this.#surroundings());
        const far = new MemoryConnection(address.host, { host: from, port: this.#nextPort++ }, this.#surroundings());
        near.join(far);
        far.join(near);
        accept(far);
        resolve(near);
      });
    });
  }

  #surroundings(): Surroundings {
    return {
      after: (run) => this.#after(this.delayMs, run),
      isCut: (from, to) => this.isCut(from, to),
      opened: (end) => this.#ends.add(end),
      closed: (end) => this.#ends.delete(end),
    };
  }

  #after(delayMs: number, run: () => void): void {
    if (delayMs === 0) this.#clock.defer(run);
    else this.#clock.setTimer(delayMs, run);
  }
}

interface Surroundings {
  after(run: () => void): void;
  isCut(from: string, to: string): boolean;
  opened(end: MemoryConnection): void;
  closed(end: MemoryConnection): void;
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
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isFull = false;
  #isEnding = false;
  #isPaused = false;
  #isPumping = false;
  #isClosed = false;

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
    this.#far?.pump();
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnding) return false;
    this.writes += 1;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#isFull = this.#queuedBytes >= WRITE_MARK_BYTES;
    this.pump();
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
    this.#isEnding = true;
    this.pump();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#close(undefined);
    const far = this.#far;
    if (far === undefined || this.#around.isCut(this.local, far.local)) return;
    this.#around.after(() => far.#close(new NetworkError('ECONNRESET', 'ECONNRESET')));
  }

  /** Moves what is queued to the other end, after the delay. */
  pump(): void {
    if (this.#isPumping || this.#isClosed || (this.#queue.length === 0 && !this.#isEnding)) return;
    this.#isPumping = true;
    this.#around.after(() => {
      this.#isPumping = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const far = this.#far;
    if (far === undefined || this.#isClosed || this.#around.isCut(this.local, far.local)) return;
    while (!far.#isPaused && far.#handler !== undefined && !far.#isClosed) {
      const bytes = this.#queue.shift();
      if (bytes === undefined) break;
      this.#queuedBytes -= bytes.length;
      // A view that dies with the call, as a socket's receive buffer does.
      const view = bytes.slice();
      far.#handler.onData(view);
      view.fill(0xdd);
    }
    if (this.#isFull && this.#queuedBytes === 0 && !this.#isClosed) {
      this.#isFull = false;
      this.#handler?.onDrain();
    }
    if (this.#isEnding && this.#queue.length === 0) far.#onFarEnd();
  }

  /** The other side sends no more: this side sends its rest and closes too. */
  #onFarEnd(): void {
    if (this.#isClosed) return;
    if (this.#isEnding || this.#queue.length === 0) {
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
    this.#around.after(() => this.#handler?.onClose(error));
  }
}
