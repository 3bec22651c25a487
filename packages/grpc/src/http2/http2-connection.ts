/**
 * One HTTP/2 connection (RFC 9113) in either role: its beginning, its end, its timers, and the one write per loop turn. Frames that come in are handled by
 * `inbound.ts`, streams by `stream-table.ts`.
 *
 * Longer than 400 lines because beginning, drain, failure and loss of a connection share all of its state.
 */
import { assert } from '../base/assert.js';
import type { ByteConnection } from '../base/byte-connection.js';
import type { HeaderList } from '../base/header-list.js';
import type { Runtime } from '../base/runtime.js';
import { WheelTimer } from '../base/timer-wheel.js';
import { HpackDecoder } from '../hpack/hpack-decoder.js';
import { HpackEncoder } from '../hpack/hpack-encoder.js';
import { Closing } from './closed-streams.js';
import { ErrorCode, errorCodeName, Http2Error, StreamClosed } from './error-code.js';
import { PREFACE, STREAM_ID_MAX, WINDOW_BYTES_DEFAULT } from './frame.js';
import { FrameReader } from './frame-reader.js';
import type { Http2Handler } from './http2-handler.js';
import { completeLimits, type Http2Limits, type Http2Options } from './http2-options.js';
import type { Http2Stream, StreamHandler } from './http2-stream.js';
import { Inbound } from './inbound.js';
import { Output } from './output.js';
import { Pings } from './pings.js';
import { RateGuard } from './rate-guard.js';
import { encodeSettings, PeerSettings } from './settings.js';
import type { Stream } from './stream.js';
import { StreamTable } from './stream-table.js';

/** Data that leaves in one write, and in one loop turn; then others have their turn. */
const WRITE_BYTES = 256 * 1024;
const TURN_BYTES_MAX = 1024 * 1024;
/** Tokens for control frames that the peer gets for each frame of data that it is sent: it may answer with WINDOW_UPDATE. */
const TOKENS_PER_DATA_FRAME = 4;
/** How long we take what a peer still sends after our last byte, so that it reads our GOAWAY instead of a reset connection. */
const LINGER_MS = 1000;

export interface Http2Deps {
  readonly connection: ByteConnection;
  readonly runtime: Runtime;
  readonly handler: Http2Handler;
}

/** One connection. It becomes the handler of `deps.connection` when it is made. */
export class Http2Connection {
  readonly #connection: ByteConnection;
  readonly #runtime: Runtime;
  readonly #handler: Http2Handler;
  readonly #isServer: boolean;
  readonly #limits: Http2Limits;
  readonly #peer = new PeerSettings();
  readonly #encoder: HpackEncoder;
  readonly #decoder: HpackDecoder;
  readonly #output: Output;
  readonly #streams: StreamTable;
  readonly #inbound: Inbound;
  readonly #reader: FrameReader;
  readonly #pings: Pings;
  readonly #controlGuard: RateGuard;
  readonly #flush = (): void => this.#onEndOfTurn();
  /** Bytes of the client's preface that have not come. */
  #prefaceLeft: number;
  #isScheduled = false;
  #nextStreamId = 1;
  /** Client: the peer's limit of streams is reached. */
  #isFull = false;
  #lastStreamIdTaken = STREAM_ID_MAX;
  #settingsSentMs: number;
  #isSettingsAcked = false;
  #roundTripMs = 0;
  /** The peer's GOAWAY, or ours: no stream is opened any more. */
  #isDraining = false;
  #isFirstGoAwaySent = false;
  /** Nothing is read and no stream is open any more; what is queued is still sent. */
  #isEnded = false;
  #error: Error | undefined;
  #isOver = false;
  readonly #whenOver: (() => void)[] = [];

  readonly #startTimer: WheelTimer;
  readonly #frameTimer: WheelTimer;
  readonly #stallTimer: WheelTimer;
  readonly #endTimer: WheelTimer;
  /** What the socket had queued at the last look of the stall timer, and how often it was the same. */
  #stalledBytes = 0;
  #stalledLooks = 0;

  constructor(deps: Http2Deps, options: Http2Options) {
    const { connection, runtime } = deps;
    const limits = completeLimits(options.limits);
    this.#connection = connection;
    this.#runtime = runtime;
    this.#handler = deps.handler;
    this.#isServer = options.role === 'server';
    this.#limits = limits;
    this.#prefaceLeft = this.#isServer ? PREFACE.length : 0;
    this.#encoder = new HpackEncoder({
      tableBytesMax: Math.min(this.#peer.headerTableBytes, limits.encoderTableBytesMax),
    });
    this.#decoder = new HpackDecoder({
      tableBytesMax: limits.headerTableBytesMax,
      headerListBytesMax: limits.headerListBytesMax,
    });
    this.#output = new Output(connection, runtime.buffers);
    this.#controlGuard = new RateGuard(runtime.clock, limits.controlBurstMax, limits.controlFramesPerSecond);
    this.#streams = new StreamTable(this.#tableOwner(), this.#output, limits, this.#peer);
    this.#pings = new Pings(runtime, this.#output, limits.pingTimeoutMs);
    this.#inbound = this.#makeInbound(options.role);
    this.#reader = new FrameReader(this.#inbound);
    const owner = { onExpired: (timer: WheelTimer) => this.#onExpired(timer) };
    this.#startTimer = new WheelTimer(owner);
    this.#frameTimer = new WheelTimer(owner);
    this.#stallTimer = new WheelTimer(owner);
    this.#endTimer = new WheelTimer(owner);
    this.#settingsSentMs = runtime.clock.now();
    this.#start(options.role);
  }

  /** Streams that are open, in either direction. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Client: false while the peer's limit of streams is reached, after GOAWAY from either side, and when the stream numbers are used up. */
  canOpenStream(): boolean {
    return (
      !this.#isServer &&
      !this.#isDraining &&
      !this.#isEnded &&
      this.#streams.size < this.#peer.concurrentStreamsMax &&
      this.#nextStreamId <= STREAM_ID_MAX
    );
  }

  /** Client: opens a stream. Throws {@link StreamClosed} (`isUnprocessed`) where {@link Http2Connection.canOpenStream} is false. */
  openStream(headers: HeaderList, end: boolean, handler: StreamHandler): Http2Stream {
    if (!this.canOpenStream()) {
      throw new StreamClosed(ErrorCode.refusedStream, 'the connection takes no more streams', { isUnprocessed: true });
    }
    const stream = this.#streams.open(this.#nextStreamId, handler);
    this.#nextStreamId += 2;
    this.#isFull = this.#streams.size >= this.#peer.concurrentStreamsMax;
    stream.isHead = headers[0] === ':method' && headers[1] === 'HEAD';
    stream.sendHeaders(headers, end);
    return stream;
  }

  /** Sends a PING; resolves with the round trip in milliseconds, rejects with {@link Http2Error} when the connection ends or time is up. */
  ping(): Promise<number> {
    if (this.#isEnded) return Promise.reject(new Http2Error(ErrorCode.noError, 'the connection has ended'));
    this.#schedule();
    return this.#pings.send();
  }

  /**
   * Graceful end. Server: GOAWAY that names no last stream, after a round trip a second one that does; both roles: the connection closes once its
   * streams have ended, or after `drainTimeoutMs`. Idempotent.
   */
  drain(): void {
    if (this.#isFirstGoAwaySent || this.#isEnded) return;
    this.#isDraining = true;
    this.#isFirstGoAwaySent = true;
    this.#runtime.timers.start(this.#endTimer, this.#limits.drainTimeoutMs);
    this.#schedule();
    if (!this.#isServer) {
      this.#output.goAway(0, ErrorCode.noError, NOTHING);
      return;
    }
    this.#output.goAway(STREAM_ID_MAX, ErrorCode.noError, NOTHING);
    this.#pings.sendThen(() => this.#sendLastGoAway());
  }

  /** {@link Http2Connection.drain}, then waits until the connection is closed. */
  close(): Promise<void> {
    this.drain();
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => this.#whenOver.push(resolve));
  }

  /** GOAWAY with `code`, then closes at once with all streams. */
  abort(code: ErrorCode, message: string): void {
    this.#fail(new Http2Error(code, message));
  }

  #tableOwner(): ConstructorParameters<typeof StreamTable>[0] {
    const getRoundTripMs = (): number => this.#roundTripMs;
    return {
      encoder: this.#encoder,
      get roundTripMs() {
        return getRoundTripMs();
      },
      nowMs: () => this.#runtime.clock.now(),
      schedule: () => this.#schedule(),
      onDataSent: () => this.#controlGuard.earn(TOKENS_PER_DATA_FRAME),
    };
  }

  #makeInbound(role: Http2Options['role']): Inbound {
    const limits = this.#limits;
    const getNext = (): number => this.#nextStreamId;
    const getLastTaken = (): number => this.#lastStreamIdTaken;
    return new Inbound({
      role,
      limits,
      peer: this.#peer,
      decoder: this.#decoder,
      output: this.#output,
      streams: this.#streams,
      handler: this.#handler,
      controlGuard: this.#controlGuard,
      resetGuard: new RateGuard(this.#runtime.clock, limits.resetBurstMax, limits.resetsPerSecond),
      owner: {
        onPeerSettings: () => this.#onPeerSettings(),
        onSettingsAck: () => this.#onSettingsAck(),
        onPingAck: (bytes, at) => this.#pings.onAck(bytes, at),
        onPeerGoAway: (lastStreamId, code, debug) => this.#onPeerGoAway(lastStreamId, code, debug),
        get nextStreamId() {
          return getNext();
        },
        get lastStreamIdTaken() {
          return getLastTaken();
        },
      },
    });
  }

  // Beginning.

  #start(role: Http2Options['role']): void {
    this.#connection.handler = {
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => {
        this.#output.onDrain();
        this.#schedule();
      },
      onEnd: () => this.#onPeerEnd(),
      onClose: (error) => this.#onClosed(error),
    };
    if (!this.#isServer) this.#output.raw(PREFACE);
    this.#output.settings(encodeSettings(role, this.#limits), false);
    const growth = this.#limits.connectionWindowBytes - WINDOW_BYTES_DEFAULT;
    if (growth > 0) this.#output.windowUpdate(0, growth);
    this.#runtime.timers.start(this.#startTimer, this.#limits.prefaceTimeoutMs);
    this.#schedule();
  }

  #onData(chunk: Uint8Array): void {
    if (this.#isEnded) return;
    try {
      let at = 0;
      for (; this.#prefaceLeft > 0 && at < chunk.length; at += 1, this.#prefaceLeft -= 1) {
        if (chunk[at] !== PREFACE[PREFACE.length - this.#prefaceLeft]) {
          throw new Http2Error(ErrorCode.protocolError, 'not the preface of HTTP/2');
        }
      }
      this.#reader.push(chunk, at);
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.#fail(error);
    }
    if (this.#isEnded) return;
    this.#watchFrame();
    if (this.#output.pendingBytes > 0 || this.#streams.hasNews || this.#streams.queue.canSend) this.#schedule();
  }

  /** A frame or header block that is not whole has a time limit, from its first byte on. */
  #watchFrame(): void {
    const isInside = this.#reader.isInsideFrame || this.#inbound.isBlockOpen;
    if (isInside === this.#frameTimer.isRunning) return;
    if (isInside) this.#runtime.timers.start(this.#frameTimer, this.#limits.frameTimeoutMs);
    else this.#runtime.timers.cancel(this.#frameTimer);
  }

  #onPeerSettings(): void {
    this.#encoder.setTableBytesMax(Math.min(this.#peer.headerTableBytes, this.#limits.encoderTableBytesMax));
    if (!this.#isSettingsAcked) this.#runtime.timers.start(this.#startTimer, this.#limits.settingsTimeoutMs);
    this.#isFull = this.#streams.size >= this.#peer.concurrentStreamsMax;
    if (this.canOpenStream()) this.#handler.onStreamsAvailable?.();
  }

  #onSettingsAck(): void {
    if (this.#isSettingsAcked) return;
    this.#isSettingsAcked = true;
    this.#roundTripMs = this.#runtime.clock.now() - this.#settingsSentMs;
    this.#decoder.setTableBytesMax(this.#limits.headerTableBytesMax);
    this.#runtime.timers.cancel(this.#startTimer);
  }

  // Sending.

  #schedule(): void {
    if (this.#isScheduled || this.#isOver) return;
    this.#isScheduled = true;
    this.#runtime.clock.endOfTurn(this.#flush);
  }

  #onEndOfTurn(): void {
    const { queue } = this.#streams;
    let budget = TURN_BYTES_MAX;
    let isMore: boolean;
    do {
      if (!this.#output.isBlocked) queue.pump(Math.min(budget, WRITE_BYTES));
      this.#streams.tell();
      budget -= this.#output.pendingBytes;
      this.#output.flush();
      isMore = this.#streams.hasNews || (!this.#output.isBlocked && (queue.canSend || this.#output.pendingBytes > 0));
    } while (isMore && budget > 0);
    this.#isScheduled = false;
    if (this.#isOver) return;
    if (isMore) this.#runtime.clock.setTimer(0, () => this.#schedule());
    this.#afterFlush();
    if (!this.#isFull || this.#streams.size >= this.#peer.concurrentStreamsMax) return;
    this.#isFull = false;
    if (this.canOpenStream()) this.#handler.onStreamsAvailable?.();
  }

  #afterFlush(): void {
    const isBlocked = this.#output.isBlocked;
    if (isBlocked && this.#output.pendingBytes > this.#limits.controlBytesMax && !this.#isEnded) {
      // Its GOAWAY would only wait behind the rest.
      const message = 'the peer does not read what it asks for';
      this.#fail(new Http2Error(ErrorCode.enhanceYourCalm, message, { limit: 'controlBytesMax' }));
      this.#connection.destroy();
      return;
    }
    if ((isBlocked || this.#streams.queue.queuedBytes > 0) && !this.#stallTimer.isRunning) {
      this.#runtime.timers.start(this.#stallTimer, this.#limits.stallTimeoutMs / 2);
    }
    if (this.#isDraining && this.#streams.size === 0 && !this.#isEnded && this.#isLastGoAwaySent()) this.#end();
    if (this.#isEnded && !isBlocked && this.#output.pendingBytes === 0) this.#connection.end();
  }

  // End.

  #isLastGoAwaySent(): boolean {
    return !this.#isServer || !this.#isFirstGoAwaySent || this.#lastStreamIdTaken !== STREAM_ID_MAX;
  }

  #sendLastGoAway(): void {
    if (this.#isEnded) return;
    this.#lastStreamIdTaken = this.#inbound.lastStreamId;
    this.#output.goAway(this.#lastStreamIdTaken, ErrorCode.noError, NOTHING);
    this.#schedule();
  }

  #onPeerGoAway(lastStreamId: number, code: ErrorCode, debug: string): void {
    this.#isDraining = true;
    if (!this.#isServer) {
      for (const stream of this.#streams.all()) {
        if (stream.id <= lastStreamId) continue;
        const error = new StreamClosed(code, 'not taken by the peer', { isByPeer: true, isUnprocessed: true });
        this.#streams.close(stream, error, Closing.resetByUs);
      }
    }
    if (code !== ErrorCode.noError) {
      this.#error ??= new Http2Error(code, `GOAWAY: ${errorCodeName(code)} ${debug}`.trim(), { isByPeer: true });
    }
    this.#handler.onGoAway(lastStreamId, code, debug);
    this.#schedule();
  }

  /** A broken rule or limit: says so to the peer, and all is over on this side. */
  #fail(error: Http2Error): void {
    if (this.#isEnded) return;
    this.#error ??= error;
    const debug = Uint8Array.from(error.message, (char) => char.charCodeAt(0) & 0x7f);
    this.#output.goAway(this.#inbound.lastStreamId, error.code, debug);
    this.#end();
  }

  /** Closes what is open and sends what is queued; the connection is closed when the peer has, or a moment later. */
  #end(): void {
    this.#isEnded = true;
    this.#reader.stop();
    this.#closeStreams();
    for (const timer of [this.#startTimer, this.#frameTimer]) this.#runtime.timers.cancel(timer);
    this.#runtime.timers.start(this.#endTimer, LINGER_MS);
    this.#schedule();
  }

  #closeStreams(): void {
    const cause = this.#error;
    const code = cause instanceof Http2Error ? cause.code : ErrorCode.cancel;
    const message = cause === undefined ? 'the connection was closed' : `the connection was closed: ${cause.message}`;
    this.#streams.closeAll((stream: Stream) => {
      const isUnprocessed = stream.id > this.#lastStreamIdTaken;
      return new StreamClosed(code, message, { isUnprocessed, cause });
    });
  }

  /** The peer sends no more: nothing that is open can go on. */
  #onPeerEnd(): void {
    if (this.#isEnded) {
      this.#connection.end();
      return;
    }
    if (this.#streams.size > 0)
      this.#error ??= new Http2Error(ErrorCode.cancel, 'the peer closed the connection', { isByPeer: true });
    this.#end();
  }

  #onClosed(error: Error | undefined): void {
    assert(!this.#isOver, 'a connection closes once');
    if (error !== undefined || this.#streams.size > 0) {
      this.#error ??= new Http2Error(ErrorCode.cancel, 'the connection was lost', { isByPeer: true, cause: error });
    }
    this.#isEnded = true;
    this.#reader.stop();
    this.#closeStreams();
    for (const timer of [this.#startTimer, this.#frameTimer, this.#stallTimer, this.#endTimer])
      this.#runtime.timers.cancel(timer);
    this.#streams.tell();
    this.#output.clear();
    this.#isOver = true;
    this.#pings.close(this.#error ?? new Http2Error(ErrorCode.noError, 'the connection was closed'));
    this.#handler.onClose(this.#error);
    for (const resolve of this.#whenOver) resolve();
  }

  #onExpired(timer: WheelTimer): void {
    if (timer === this.#startTimer) {
      const code = this.#peer.isReceived ? ErrorCode.settingsTimeout : ErrorCode.protocolError;
      const limit = this.#peer.isReceived ? 'settingsTimeoutMs' : 'prefaceTimeoutMs';
      this.#fail(new Http2Error(code, 'the connection did not begin in time', { limit }));
    } else if (timer === this.#frameTimer) {
      const message = 'a frame or header block that does not end';
      this.#fail(new Http2Error(ErrorCode.enhanceYourCalm, message, { limit: 'frameTimeoutMs' }));
    } else if (timer === this.#stallTimer) this.#onStallLook();
    else if (this.#isEnded) this.#connection.destroy();
    else this.#fail(new Http2Error(ErrorCode.noError, 'streams that did not end in time', { limit: 'drainTimeoutMs' }));
  }

  #onStallLook(): void {
    const { isBlocked } = this.#output;
    const queuedBytes = this.#connection.queuedBytes;
    this.#stalledLooks = isBlocked && queuedBytes === this.#stalledBytes ? this.#stalledLooks + 1 : 0;
    this.#stalledBytes = queuedBytes;
    if (this.#stalledLooks >= 2) {
      const message = 'the peer took no bytes for too long';
      this.#error ??= new Http2Error(ErrorCode.cancel, message, { limit: 'stallTimeoutMs' });
      this.#connection.destroy();
      return;
    }
    // A client's calls have deadlines of their own, and its server may take its time.
    if (!isBlocked && this.#isServer) this.#streams.resetStalled();
    if (isBlocked || this.#streams.queue.queuedBytes > 0) {
      this.#runtime.timers.start(this.#stallTimer, this.#limits.stallTimeoutMs / 2);
    }
  }
}

const NOTHING = new Uint8Array(0);
