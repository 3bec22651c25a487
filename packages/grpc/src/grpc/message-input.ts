/**
 * The receiving direction of one call: DATA in any cut becomes messages, decompressed and in order. Whole messages hold their window until the owner says
 * so. A message may be larger than the window: what has come of it is given back at once, unless the reader is behind. So what a peer can make us
 * keep is one window and one message.
 */
import { type Compression, identityEncoding } from './encoding.js';
import { MessageReader, messagePrefixBytes, type OnMessage } from './message-reader.js';
import { GrpcError, Status } from './status.js';

/** What the owner is told, in order; nothing more after `onEnd` or `onError`. */
export interface MessageInputOwner {
  /**
   * `payload` is valid during the call only, unless `isOwned`. The owner gives `heldBytes` of window back when it is done with the message.
   */
  onMessage(payload: Uint8Array, heldBytes: number, isOwned: boolean): void;
  /** The peer has sent all. */
  onEnd(): void;
  /** The bytes break a rule or a limit. */
  onError(error: unknown): void;
  /** Window to give back at once. */
  onConsumed(byteCount: number): void;
  /** Messages wait for their reader. The owner calls {@link MessageInput.release} when that has changed. */
  readonly isReaderBehind: boolean;
}

export interface MessageInputOptions {
  readonly messageBytesMax: number;
  /** What the sender's `grpc-encoding` names; undefined for identity. */
  readonly compression: Compression | undefined;
}

/** The compression that a `grpc-encoding` names; undefined for identity. Throws GrpcError UNIMPLEMENTED for one that isn't there. */
export function findCompression(
  compressions: readonly Compression[],
  encoding: string | undefined,
): Compression | undefined {
  if (encoding === undefined || encoding === identityEncoding) return undefined;
  const found = compressions.find(({ name }) => name === encoding);
  if (found !== undefined) return found;
  throw new GrpcError(Status.UNIMPLEMENTED, `message encoding "${encoding}" is not known here`);
}

export class MessageInput {
  readonly #owner: MessageInputOwner;
  readonly #options: MessageInputOptions;
  readonly #reader: MessageReader;
  /** What waits behind a decompression that runs elsewhere, in order. */
  #waiting: (() => void)[] | undefined;
  #isOver = false;
  /** Bytes of the chunk under way that no message has taken yet. */
  #chunkBytes = 0;
  /** Window held by the part of a message that has come in earlier chunks. */
  #partBytes = 0;
  readonly #onRead: OnMessage = (payload, isCompressed, isOwned) => this.#take(payload, isCompressed, isOwned);

  constructor(owner: MessageInputOwner, options: MessageInputOptions) {
    this.#owner = owner;
    this.#options = options;
    this.#reader = new MessageReader(options);
  }

  /** Takes the next bytes. The owner's callbacks run inside this call unless a decompression takes longer. */
  push(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#isOver) {
      this.#owner.onConsumed(bytes.length);
      return;
    }
    this.#chunkBytes = bytes.length;
    try {
      this.#reader.push(bytes, this.#onRead);
    } catch (error) {
      this.#inOrder(() => this.#fail(error));
    }
    // The rest belongs to a message that is being assembled.
    this.#partBytes += this.#chunkBytes;
    this.#chunkBytes = 0;
    this.release();
    if (isEnd) this.#inOrder(() => this.#end());
  }

  /** Gives back the window of a message in the making, unless others wait before it. */
  release(): void {
    if (this.#partBytes === 0) return;
    if (!this.#isOver && (this.#waiting !== undefined || this.#owner.isReaderBehind)) return;
    const partBytes = this.#partBytes;
    this.#partBytes = 0;
    this.#owner.onConsumed(partBytes);
  }

  /** Tells the owner nothing more. */
  stop(): void {
    this.#isOver = true;
    this.#waiting = undefined;
    this.release();
  }

  #take(payload: Uint8Array, isCompressed: boolean, isOwned: boolean): void {
    const fromChunk = Math.min(payload.length + messagePrefixBytes, this.#chunkBytes);
    const held = this.#partBytes + fromChunk;
    this.#partBytes = 0;
    this.#chunkBytes -= fromChunk;
    if (this.#isOver) {
      this.#owner.onConsumed(held);
      return;
    }
    if (this.#waiting !== undefined) {
      const kept = isOwned ? payload : payload.slice();
      this.#waiting.push(() => this.#open(kept, isCompressed, held, true));
    } else this.#open(payload, isCompressed, held, isOwned);
  }

  #open(payload: Uint8Array, isCompressed: boolean, held: number, isOwned: boolean): void {
    if (!isCompressed) {
      this.#owner.onMessage(payload, held, isOwned);
      return;
    }
    const { compression, messageBytesMax } = this.#options;
    if (compression === undefined) {
      this.#owner.onConsumed(held);
      this.#fail(new GrpcError(Status.INTERNAL, 'a compressed message, but no encoding was named'));
      return;
    }
    let result: Uint8Array | Promise<Uint8Array>;
    try {
      result = compression.decompress(payload, messageBytesMax);
    } catch (error) {
      this.#owner.onConsumed(held);
      this.#fail(error);
      return;
    }
    if (!(result instanceof Promise)) {
      this.#owner.onMessage(result, held, true);
      return;
    }
    this.#waiting ??= [];
    result.then(
      (opened) => this.#goOn(() => this.#owner.onMessage(opened, held, true)),
      (error: unknown) => this.#goOn(() => this.#fail(error)),
    );
  }

  #inOrder(run: () => void): void {
    if (this.#waiting === undefined) run();
    else this.#waiting.push(run);
  }

  /** Runs what came out of a decompression, then what waited behind it, up to the next one. */
  #goOn(first: () => void): void {
    if (this.#isOver) return;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    first();
    for (let at = 0; at < waiting.length && !this.#isOver; at += 1) {
      waiting[at]?.();
      if (this.#isNowWaiting()) {
        this.#waiting = waiting.slice(at + 1);
        return;
      }
    }
    this.release();
  }

  #isNowWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  #end(): void {
    if (this.#isOver) return;
    if (!this.#reader.isEmpty) {
      this.#fail(new GrpcError(Status.INTERNAL, 'the stream ended within a message'));
      return;
    }
    this.#isOver = true;
    this.#owner.onEnd();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.stop();
    this.#owner.onError(error);
  }
}
