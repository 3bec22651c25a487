/** A {@link ByteConnection} over a socket of `node:net` or `node:tls`. */
import type { Socket } from 'node:net';
import type { ByteConnection, ByteConnectionHandler } from '../base/byte-connection.js';

/** One connected socket. It has an error handler from the first moment on (S10). */
export class SocketConnection implements ByteConnection {
  readonly remote: string;
  readonly #socket: Socket;
  #handler: ByteConnectionHandler | undefined;
  #error: Error | undefined;
  #isClosed = false;

  /** The socket must be connected (of TLS: after the handshake) and must not flow yet; what was read ahead may have been given back by `unshift`. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.remote = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    socket.setNoDelay(true);
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.once('close', () => {
      this.#isClosed = true;
      this.#handler?.onClose(this.#error);
    });
  }

  get handler(): ByteConnectionHandler | undefined {
    return this.#handler;
  }

  /** From here on bytes flow. */
  set handler(handler: ByteConnectionHandler | undefined) {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (!isFirst || handler === undefined) return;
    const socket = this.#socket;
    if (this.#isClosed || socket.destroyed) {
      if (this.#isClosed) setImmediate(() => this.#handler?.onClose(this.#error));
      return;
    }
    socket.on('drain', () => this.#handler?.onDrain());
    socket.on('end', () => this.#handler?.onEnd());
    socket.on('data', (chunk) => this.#handler?.onData(chunk));
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return true;
    // A socket goes by its mark even if the system has taken all by now.
    return socket.write(bytes) || socket.writableLength === 0;
  }

  writeAll(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return true;
    socket.cork();
    let isBelowMark = true;
    for (const chunk of chunks) isBelowMark = socket.write(chunk);
    socket.uncork();
    return isBelowMark || socket.writableLength === 0;
  }

  end(): void {
    if (!this.#socket.writableEnded) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
