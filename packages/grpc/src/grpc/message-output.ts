/** The sending direction of one call: compresses where that was agreed, puts the prefix before each message and keeps the order. */
import type { Http2Stream } from '../http2/http2-stream.js';
import type { Compression } from './encoding.js';
import { frameMessage, messagePrefix } from './message-writer.js';

/** Up to here a copy costs less than a chunk of its own. */
const COPY_BYTES_MAX = 16 * 1024;
const EMPTY_MESSAGE = new Uint8Array(5);

/** Sends one message. False: no room for the next one. */
export function sendMessage(stream: Http2Stream, payload: Uint8Array, isCompressed: boolean, isEnd: boolean): boolean {
  if (payload.length === 0) return stream.sendData(EMPTY_MESSAGE, isEnd);
  if (payload.length <= COPY_BYTES_MAX) return stream.sendData(frameMessage(payload, isCompressed), isEnd);
  stream.sendData(messagePrefix(payload.length, isCompressed), false);
  return stream.sendData(payload, isEnd);
}

/** Messages below the size are sent as they are. */
export interface OutputCompression {
  readonly compression: Compression;
  readonly bytesMin: number;
}

export interface MessageOutputOwner {
  /** There is room again after `send` returned false because of a compression that took its time. */
  onWritable(): void;
  /** A message could not be compressed. Nothing more will be sent. */
  onError(error: unknown): void;
}

/** For calls that compress. */
export class MessageOutput {
  readonly #stream: Http2Stream;
  readonly #owner: MessageOutputOwner;
  readonly #agreed: OutputCompression;
  /** What follows the message under compression: at most the end, since the owner waits for room. */
  #isCompressing = false;
  #afterwards: (() => void) | undefined;

  constructor(stream: Http2Stream, owner: MessageOutputOwner, agreed: OutputCompression) {
    this.#stream = stream;
    this.#owner = owner;
    this.#agreed = agreed;
  }

  /** Sends one message. False: wait for `onWritable` of the owner or the stream before the next one. */
  send(payload: Uint8Array, isEnd: boolean): boolean {
    const { compression, bytesMin } = this.#agreed;
    if (payload.length < bytesMin) return sendMessage(this.#stream, payload, false, isEnd);
    const result = compression.compress(payload);
    if (!(result instanceof Promise)) return sendMessage(this.#stream, result, true, isEnd);
    this.#isCompressing = true;
    result.then(
      (packed) => this.#goOn(packed, isEnd),
      (error: unknown) => this.#owner.onError(error),
    );
    return false;
  }

  /** Runs `run` once all messages have been given to the stream, at once if they have. */
  afterMessages(run: () => void): void {
    if (this.#isCompressing) this.#afterwards = run;
    else run();
  }

  /** True while a message is being compressed: room in the stream is not yet room for the next one. */
  get isBusy(): boolean {
    return this.#isCompressing;
  }

  #goOn(packed: Uint8Array, isEnd: boolean): void {
    this.#isCompressing = false;
    const isWritable = sendMessage(this.#stream, packed, true, isEnd);
    const afterwards = this.#afterwards;
    this.#afterwards = undefined;
    if (afterwards !== undefined) afterwards();
    else if (isWritable) this.#owner.onWritable();
  }
}
