/**
 * One connection seen as frames, with a sign of life in both directions: a side that has sent nothing for a tick sends a keep-alive, a side that has heard
 * nothing for some ticks gives the connection up, which also finds half-open connections.
 *
 * Silence is counted in ticks of the transport's interval timer, not read from a clock: a stalled loop misses ticks, so a node never takes its own stall for
 * the peer's silence (N10).
 */
import type { Connection, NetworkError } from '../env/network.js';
import { encodeFrame, FrameDecoder, FrameType, HANDSHAKE_FRAME_BYTES_MAX } from './frame.js';
import { ProtocolError } from './wire.js';

/** Who uses the link at the moment: the handshake first, then a peer connection or a snapshot stream. */
export interface FrameLinkHandler {
  /** `body` is a view (N13). May throw a ProtocolError: the link is closed with it. */
  onFrame(type: number, body: Uint8Array): void;
  onDrain(): void;
  /** Exactly once. `reason` is a sentence for people. */
  onClosed(reason: string): void;
}

/** Limits of a link, in ticks. */
export interface FrameLinkOptions {
  /** A link not {@link FrameLink.open} after so many ticks is closed. */
  readonly handshakeTicksMax: number;
  /** An open link that heard nothing for so many ticks is closed. */
  readonly silentTicksMax: number;
}

/** What went over a link or over all links of a peer. */
export interface ByteCounters {
  sentBytes: number;
  receivedBytes: number;
  sentFrames: number;
  receivedFrames: number;
}

const KEEP_ALIVE = encodeFrame(FrameType.keepAlive, new Uint8Array(0));

/** Owns its connection. After `end` or `destroy` no frame is delivered any more. */
export class FrameLink {
  readonly #connection: Connection;
  readonly #options: FrameLinkOptions;
  readonly #decoder = new FrameDecoder(HANDSHAKE_FRAME_BYTES_MAX);
  readonly #onGone: (link: FrameLink) => void;
  #handler: FrameLinkHandler;
  #counters: ByteCounters = { sentBytes: 0, receivedBytes: 0, sentFrames: 0, receivedFrames: 0 };
  #isOpen = false;
  #isClosed = false;
  #isPaused = false;
  /** Closed from this side; the reason to tell once the connection is gone. */
  #closing: string | undefined;
  #ticks = 0;
  #hasSent = false;

  /** `onGone` is called after the handler's `onClosed`. */
  constructor(
    connection: Connection,
    handler: FrameLinkHandler,
    options: FrameLinkOptions,
    onGone: (link: FrameLink) => void,
  ) {
    this.#connection = connection;
    this.#handler = handler;
    this.#options = options;
    this.#onGone = onGone;
    connection.setHandler({
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => this.#handler.onDrain(),
      onClose: (error) => this.#onClose(error),
    });
  }

  get remote(): string {
    return `${this.#connection.remote.host}:${this.#connection.remote.port}`;
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined || this.#isClosed;
  }

  /** The handshake is done: `handler` gets what comes next, in frames up to `frameBytesMax`, counted in `counters`. */
  open(handler: FrameLinkHandler, frameBytesMax: number, counters: ByteCounters): void {
    counters.sentBytes += this.#counters.sentBytes;
    counters.receivedBytes += this.#counters.receivedBytes;
    counters.sentFrames += this.#counters.sentFrames;
    counters.receivedFrames += this.#counters.receivedFrames;
    this.#counters = counters;
    this.#handler = handler;
    this.#decoder.frameBytesMax = frameBytesMax;
    this.#isOpen = true;
    this.#ticks = 0;
  }

  /** Sends one whole frame; the bytes must stay untouched until sent. False: wait for `onDrain`. */
  write(frame: Uint8Array): boolean {
    if (this.isClosing) return false;
    this.#hasSent = true;
    this.#counters.sentBytes += frame.length;
    this.#counters.sentFrames += 1;
    return this.#connection.write(frame);
  }

  /** Stops or starts what comes in. While it is stopped, silence isn't counted. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused || this.isClosing) return;
    this.#isPaused = isPaused;
    this.#ticks = 0;
    if (isPaused) this.#connection.pause();
    else this.#connection.resume();
  }

  /** Called at a steady interval. */
  tick(): void {
    if (!this.#isPaused) this.#ticks += 1;
    if (this.isClosing) {
      // The other side doesn't close in its turn.
      if (this.#ticks >= this.#options.silentTicksMax) this.#connection.destroy();
      return;
    }
    if (!this.#isOpen) {
      if (this.#ticks >= this.#options.handshakeTicksMax) this.destroy('the handshake took too long');
      return;
    }
    if (this.#ticks >= this.#options.silentTicksMax) {
      this.destroy('nothing was heard for too long');
      return;
    }
    if (!this.#hasSent && this.queuedBytes === 0) this.write(KEEP_ALIVE);
    this.#hasSent = false;
  }

  /** Sends what was written, then closes. What comes in meanwhile is read and dropped, lest the close becomes a reset that destroys what was sent. */
  end(reason: string): void {
    if (this.isClosing) return;
    this.setPaused(false);
    this.#closing = reason;
    this.#ticks = 0;
    this.#connection.end();
  }

  /** Closes at once. */
  destroy(reason: string): void {
    if (this.#isClosed) return;
    this.#closing ??= reason;
    this.#connection.destroy();
  }

  #onData(chunk: Uint8Array): void {
    if (this.isClosing) return;
    if (this.#isOpen) this.#ticks = 0;
    this.#counters.receivedBytes += chunk.length;
    try {
      this.#decoder.push(chunk, (type, body) => {
        this.#counters.receivedFrames += 1;
        // Before the handshake is done nobody has a reason to send keep-alives, so there they are an error too.
        if (type !== FrameType.keepAlive || !this.#isOpen) this.#handler.onFrame(type, body);
        return !this.isClosing;
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.destroy(`protocol error: ${error.message}`);
    }
  }

  #onClose(error: NetworkError | undefined): void {
    if (this.#isClosed) return;
    const fallback = error === undefined ? 'closed by the peer' : error.message;
    const reason = this.#closing ?? fallback;
    this.#isClosed = true;
    this.#handler.onClosed(reason);
    this.#onGone(this);
  }
}
