/** A stream of the simulated network as gRPC's engine takes its connections. */
import type { GrpcFace } from '@kvorum/server/internal/api/grpc/grpc-face.js';
import type { Connection } from '@kvorum/server/internal/env/network.js';

type ByteConnection = Parameters<GrpcFace['server']['accept']>[0];
type ByteConnectionHandler = NonNullable<ByteConnection['handler']>;

export class StreamBytes implements ByteConnection {
  readonly #stream: Connection;
  #handler: ByteConnectionHandler | undefined;

  constructor(stream: Connection) {
    this.#stream = stream;
  }

  get remote(): string {
    return this.#stream.remote.host;
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes;
  }

  get handler(): ByteConnectionHandler | undefined {
    return this.#handler;
  }

  /** From here on bytes flow. */
  set handler(handler: ByteConnectionHandler | undefined) {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (!isFirst) return;
    this.#stream.setHandler({
      onData: (chunk) => this.#handler?.onData(chunk),
      onDrain: () => this.#handler?.onDrain(),
      onClose: (error) => this.#handler?.onClose(error),
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes);
  }

  /** What leaves in one turn leaves as one. */
  writeAll(chunks: readonly Uint8Array[]): boolean {
    const [only] = chunks;
    if (chunks.length === 1 && only !== undefined) return this.write(only);
    const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return this.write(all);
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
