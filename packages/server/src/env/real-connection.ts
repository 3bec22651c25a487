/** One TCP connection over `node:net`. */
import type { Socket } from 'node:net';
import { errorCode } from './disk-failure.js';
import { type Address, type Connection, type ConnectionHandler, NetworkError } from './network.js';
import type { Turn } from './real-turn.js';

/** Bytes that may wait in a socket before `write` answers false. */
export const WRITE_MARK_BYTES = 256 * 1024;

/** Corks at the first write of a loop turn and uncorks at its end (P12). */
export class RealConnection implements Connection {
  readonly remote: Address;
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #uncork: () => void;
  #handler: ConnectionHandler | undefined;
  #isCorked = false;
  #closed: { readonly error: NetworkError | undefined } | undefined;
  #error: NetworkError | undefined;

  /** The socket must be connected, and must have been connected for this turn only: nothing was read from it. */
  constructor(socket: Socket, turn: Turn) {
    this.#socket = socket;
    this.#turn = turn;
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    this.#uncork = () => {
      this.#isCorked = false;
      socket.uncork();
    };
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error = new NetworkError(error.message, errorCode(error), error);
    });
    socket.once('close', () => this.#onClose());
  }

  setHandler(handler: ConnectionHandler): void {
    if (this.#handler !== undefined) throw new Error('a connection has one handler');
    this.#handler = handler;
    const closed = this.#closed;
    if (closed !== undefined) {
      this.#turn.defer(() => handler.onClose(closed.error));
      return;
    }
    this.#socket.on('drain', () => handler.onDrain());
    this.#socket.on('data', (chunk) => handler.onData(chunk));
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return false;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      this.#turn.atEnd(this.#uncork);
    }
    return this.#socket.write(bytes);
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onClose(): void {
    this.#closed = { error: this.#error };
    this.#handler?.onClose(this.#error);
  }
}
