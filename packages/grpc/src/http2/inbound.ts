/**
 * What the peer's frames mean (RFC 9113 sections 5 and 6), in both roles: checks them, keeps the streams' states, guards against abuse (S10) and tells the
 * layer above. A broken rule of the connection is thrown as {@link Http2Error}; of a stream it is answered with RST_STREAM.
 *
 * Longer than 400 lines because the rules of one frame type depend on the state that all the others leave.
 */
import type { HeaderList } from '../base/header-list.js';
import type { HpackDecoder } from '../hpack/hpack-decoder.js';
import { HpackError } from '../hpack/hpack-error.js';
import { Closing } from './closed-streams.js';
import { ErrorCode, errorCodeName, Http2Error, StreamClosed } from './error-code.js';
import { Flag, FrameType, readU32, STREAM_ID_MAX } from './frame.js';
import type { FrameHandler } from './frame-reader.js';
import { HeaderBlock } from './header-block.js';
import { type HeaderFacts, HeaderRules } from './header-rules.js';
import type { Http2Handler } from './http2-handler.js';
import type { Http2Limits, Http2Options } from './http2-options.js';
import type { Output } from './output.js';
import type { RateGuard } from './rate-guard.js';
import type { PeerSettings } from './settings.js';
import type { Stream } from './stream.js';
import type { StreamTable } from './stream-table.js';

/** Tokens for control frames that a useful frame of the peer, or a frame of data to it, gives back. */
const TOKENS_PER_FRAME_IN = 1;
/** Status codes below are interim responses. */
const STATUS_FINAL_MIN = 200;

export interface InboundDeps {
  readonly role: Http2Options['role'];
  readonly limits: Http2Limits;
  readonly peer: PeerSettings;
  readonly decoder: HpackDecoder;
  readonly output: Output;
  readonly streams: StreamTable;
  readonly handler: Http2Handler;
  /** Frames that only cost. */
  readonly controlGuard: RateGuard;
  /** Streams that end by a reset, the peer's or ours for its faults. */
  readonly resetGuard: RateGuard;
  readonly owner: InboundOwner;
}

/** The connection, as frames that concern it as a whole reach it. */
export interface InboundOwner {
  onPeerSettings(): void;
  onSettingsAck(): void;
  onPingAck(bytes: Uint8Array, at: number): void;
  onPeerGoAway(lastStreamId: number, code: ErrorCode, debug: string): void;
  /** Client: the number of the next stream; lower ones have been used. */
  readonly nextStreamId: number;
  /** Server: streams above this one are not taken any more. */
  readonly lastStreamIdTaken: number;
}

/** The receiving side of one connection. */
export class Inbound implements FrameHandler {
  readonly #deps: InboundDeps;
  readonly #isServer: boolean;
  readonly #block: HeaderBlock;
  readonly #rules = new HeaderRules();
  readonly #facts: HeaderFacts = { contentLength: -1, status: 0, isHead: false };
  /** Highest stream that the peer has opened. */
  #lastStreamId = 0;
  /** Of the DATA frame under way: its stream if it takes data, and bytes that are not passed on. */
  #dataStream: Stream | undefined;
  #dataOverheadBytes = 0;

  constructor(deps: InboundDeps) {
    this.#deps = deps;
    this.#isServer = deps.role === 'server';
    this.#block = new HeaderBlock(deps.limits);
  }

  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  /** True while a header block lacks frames. */
  get isBlockOpen(): boolean {
    return this.#block.isOpen;
  }

  onFrameStart(type: number, flags: number, streamId: number, payloadBytes: number): void {
    const { limits, peer } = this.#deps;
    if (!peer.isReceived && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      throw protocolError('the first frame is not SETTINGS');
    }
    if (payloadBytes > limits.frameBytesMax) throw sizeError('a frame above SETTINGS_MAX_FRAME_SIZE');
    const isContinuation = type === FrameType.continuation;
    if (this.#block.isOpen) {
      if (!isContinuation || streamId !== this.#block.streamId) throw protocolError('a frame inside of a header block');
      this.#block.check(payloadBytes);
      return;
    }
    if (isContinuation) throw protocolError('CONTINUATION without a header block');
    if (type === FrameType.data) this.#startData(flags, streamId, payloadBytes);
    else this.#checkShape(type, flags, streamId, payloadBytes);
  }

  onFrame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case FrameType.headers:
        this.#onHeaders(flags, streamId, bytes, start, end);
        break;
      case FrameType.continuation:
        this.#onContinuation(flags, bytes, start, end);
        break;
      case FrameType.priority:
        this.#spendControl();
        this.#onPriority(streamId, bytes, start, end);
        break;
      case FrameType.rstStream:
        this.#onResetStream(streamId, readU32(bytes, start));
        break;
      case FrameType.settings:
        this.#onSettings(flags, bytes, start, end);
        break;
      case FrameType.ping:
        this.#onPing(flags, bytes, start, end);
        break;
      case FrameType.goAway:
        this.#spendControl();
        this.#onGoAway(bytes, start, end);
        break;
      case FrameType.windowUpdate:
        this.#spendControl();
        this.#onWindowUpdate(streamId, readU32(bytes, start) & STREAM_ID_MAX);
        break;
      default:
        // An unknown type is ignored (section 4.1), but not for free.
        this.#spendControl();
    }
  }

  /** Stream number and length of everything but DATA and CONTINUATION. */
  #checkShape(type: number, flags: number, streamId: number, payloadBytes: number): void {
    switch (type) {
      case FrameType.headers:
        if (streamId === 0) throw protocolError('HEADERS on stream 0');
        this.#block.begin(0, 0);
        this.#block.check(payloadBytes);
        break;
      case FrameType.priority:
        if (streamId === 0) throw protocolError('PRIORITY on stream 0');
        break;
      case FrameType.rstStream:
        if (streamId === 0) throw protocolError('RST_STREAM on stream 0');
        if (payloadBytes !== 4) throw sizeError('RST_STREAM not of 4 bytes');
        break;
      case FrameType.settings:
        if (streamId !== 0) throw protocolError('SETTINGS on a stream');
        if ((flags & Flag.ack) !== 0 ? payloadBytes !== 0 : payloadBytes % 6 !== 0)
          throw sizeError('SETTINGS of a wrong length');
        break;
      case FrameType.pushPromise:
        // A server takes none (section 8.4), and as clients we have said that we take none.
        throw protocolError('PUSH_PROMISE');
      case FrameType.ping:
        if (streamId !== 0) throw protocolError('PING on a stream');
        if (payloadBytes !== 8) throw sizeError('PING not of 8 bytes');
        break;
      case FrameType.goAway:
        if (streamId !== 0) throw protocolError('GOAWAY on a stream');
        if (payloadBytes < 8) throw sizeError('GOAWAY of less than 8 bytes');
        break;
      case FrameType.windowUpdate:
        if (payloadBytes !== 4) throw sizeError('WINDOW_UPDATE not of 4 bytes');
        break;
      default:
    }
  }

  // DATA.

  #startData(flags: number, streamId: number, payloadBytes: number): void {
    const { streams, controlGuard } = this.#deps;
    if (streamId === 0) throw protocolError('DATA on stream 0');
    if (this.#isIdle(streamId)) throw protocolError('DATA on an idle stream');
    if (!streams.receive(payloadBytes)) throw flowError('more DATA than the window of the connection');
    const isEnd = (flags & Flag.endStream) !== 0;
    if (payloadBytes === 0 && !isEnd) this.#spendControl();
    else controlGuard.earn(TOKENS_PER_FRAME_IN);
    this.#dataOverheadBytes = payloadBytes;
    this.#dataStream = this.#streamForData(streamId, payloadBytes, isEnd);
  }

  /** The stream, or undefined where its data is thrown away. */
  #streamForData(streamId: number, payloadBytes: number, isEnd: boolean): Stream | undefined {
    const { streams } = this.#deps;
    const stream = streams.get(streamId);
    if (stream === undefined) {
      this.#onFrameOfClosed(streamId, 'DATA');
      return undefined;
    }
    if (stream.isRemoteEnded) this.#failStream(stream, ErrorCode.streamClosed, 'DATA after the end of the stream');
    else if (!this.#isServer && !stream.hasHeaders)
      this.#failStream(stream, ErrorCode.protocolError, 'DATA before headers');
    else if (!streams.receiveOnStream(stream, payloadBytes, isEnd)) {
      this.#failStream(stream, ErrorCode.flowControlError, 'more DATA than the window of the stream');
    } else return stream;
    return undefined;
  }

  onDataPiece(_streamId: number, flags: number, piece: Uint8Array, isLast: boolean): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.isClosed) {
      if (isLast) this.#deps.streams.giveBack(this.#dataOverheadBytes);
      return;
    }
    this.#dataOverheadBytes -= piece.length;
    stream.receivedBytes += piece.length;
    stream.unconsumedBytes += piece.length;
    const isEnd = isLast && (flags & Flag.endStream) !== 0;
    if (isLast) this.#endData(stream, isEnd);
    if (stream.isClosed || (piece.length === 0 && !isEnd)) return;
    stream.handler?.onData(piece, isEnd);
    if (isEnd) this.#deps.streams.onRemoteEnd(stream);
  }

  #endData(stream: Stream, isEnd: boolean): void {
    if (this.#dataOverheadBytes > 0) {
      // Padding and its length are nobody's to consume.
      stream.unconsumedBytes += this.#dataOverheadBytes;
      this.#deps.streams.consumed(stream, this.#dataOverheadBytes);
    }
    if (isEnd) stream.isRemoteEnded = true;
    const { contentLength, receivedBytes } = stream;
    if (contentLength !== -1 && (receivedBytes > contentLength || (isEnd && receivedBytes !== contentLength))) {
      this.#failStream(stream, ErrorCode.protocolError, 'data is not as long as content-length says');
    }
  }

  // HEADERS.

  #onHeaders(flags: number, streamId: number, bytes: Uint8Array, frameStart: number, frameEnd: number): void {
    let start = frameStart;
    let end = frameEnd;
    if ((flags & Flag.padded) !== 0) {
      if (start === end) throw sizeError('padded HEADERS without padding length');
      end -= bytes[start] ?? 0;
      start += 1;
      if (end < start) throw protocolError('padding of HEADERS as long as the payload');
    }
    let dependsOnItself = false;
    if ((flags & Flag.priority) !== 0) {
      if (end - start < 5) throw sizeError('HEADERS too short for a priority');
      dependsOnItself = (readU32(bytes, start) & STREAM_ID_MAX) === streamId;
      start += 5;
    }
    if ((flags & Flag.endHeaders) === 0) {
      this.#block.begin(streamId, flags);
      this.#block.append(bytes, start, end);
      return;
    }
    this.#onBlock(streamId, flags, bytes, start, end);
    if (dependsOnItself) this.#failById(streamId, 'a stream that depends on itself');
  }

  #onContinuation(flags: number, bytes: Uint8Array, start: number, end: number): void {
    this.#block.append(bytes, start, end);
    if ((flags & Flag.endHeaders) === 0) return;
    const { streamId, flags: headerFlags } = this.#block;
    const block = this.#block.take();
    this.#onBlock(streamId, headerFlags, block, 0, block.length);
  }

  /** A whole block: it is always decoded, since the next one depends on it (RFC 7541 section 2.2). */
  #onBlock(streamId: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
    let headers: HeaderList | undefined;
    try {
      headers = this.#deps.decoder.decode(bytes, start, end);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new Http2Error(ErrorCode.compressionError, error.message, { cause: error });
    }
    this.#deps.controlGuard.earn(TOKENS_PER_FRAME_IN);
    const isEnd = (flags & Flag.endStream) !== 0;
    const stream = this.#deps.streams.get(streamId);
    if (stream !== undefined) this.#onHeadersOfStream(stream, headers, isEnd);
    else if (this.#isServer) this.#onNewStream(streamId, headers, isEnd);
    else if (this.#isIdle(streamId)) throw protocolError('HEADERS on an idle stream');
    else this.#onFrameOfClosed(streamId, 'HEADERS');
  }

  #onNewStream(streamId: number, headers: HeaderList | undefined, isEnd: boolean): void {
    const { streams, limits, owner, handler } = this.#deps;
    if (streamId % 2 === 0) throw protocolError('a client opened a stream with an even number');
    if (streamId <= this.#lastStreamId) {
      this.#onFrameOfClosed(streamId, 'HEADERS');
      return;
    }
    if (streamId > owner.lastStreamIdTaken) return;
    this.#lastStreamId = streamId;
    if (streams.size >= limits.concurrentStreamsMax) {
      this.#refuse(streamId, ErrorCode.refusedStream);
      return;
    }
    if (headers === undefined) {
      this.#refuse(streamId, ErrorCode.enhanceYourCalm);
      return;
    }
    const facts = this.#facts;
    if (this.#rules.request(headers, facts) !== undefined || (isEnd && facts.contentLength > 0)) {
      this.#refuse(streamId, ErrorCode.protocolError);
      return;
    }
    const stream = streams.open(streamId, undefined);
    stream.hasHeaders = true;
    stream.contentLength = facts.contentLength;
    stream.isRemoteEnded = isEnd;
    stream.handler = handler.onStream(stream, headers, isEnd);
    if (isEnd) streams.onRemoteEnd(stream);
  }

  /** More headers of an open stream: a response, or trailers. */
  #onHeadersOfStream(stream: Stream, headers: HeaderList | undefined, isEnd: boolean): void {
    if (stream.isRemoteEnded) {
      this.#failStream(stream, ErrorCode.streamClosed, 'HEADERS after the end of the stream');
      return;
    }
    if (headers === undefined) {
      this.#failStream(stream, ErrorCode.enhanceYourCalm, 'a header list over the limit', 'headerListBytesMax');
      return;
    }
    const isResponse = !this.#isServer && !stream.hasHeaders;
    const problem = isResponse
      ? this.#responseProblem(stream, headers, isEnd)
      : this.#trailerProblem(stream, headers, isEnd);
    if (problem !== undefined) {
      this.#failStream(stream, ErrorCode.protocolError, problem);
      return;
    }
    if (isResponse && this.#facts.status < STATUS_FINAL_MIN) return;
    stream.hasHeaders = true;
    if (isEnd) stream.isRemoteEnded = true;
    stream.handler?.onHeaders(headers, isEnd);
    if (isEnd) this.#deps.streams.onRemoteEnd(stream);
  }

  #responseProblem(stream: Stream, headers: HeaderList, isEnd: boolean): string | undefined {
    const facts = this.#facts;
    const problem = this.#rules.response(headers, facts);
    if (problem !== undefined) return problem;
    const { status, contentLength } = facts;
    if (status < STATUS_FINAL_MIN) {
      if (status === 101) return 'status 101 is not for HTTP/2';
      if (isEnd) return 'an interim response that ends the stream';
      this.#spendControl();
      return undefined;
    }
    const hasNoBody = stream.isHead || status === 204 || status === 304;
    if (hasNoBody) return undefined;
    stream.contentLength = contentLength;
    return isEnd && contentLength > 0 ? 'no data, but a content-length' : undefined;
  }

  #trailerProblem(stream: Stream, headers: HeaderList, isEnd: boolean): string | undefined {
    if (!isEnd) return 'trailers that do not end the stream';
    if (stream.contentLength !== -1 && stream.contentLength !== stream.receivedBytes) {
      return 'data is not as long as content-length says';
    }
    return this.#rules.trailers(headers);
  }

  // Other frames.

  #onPriority(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 5) this.#failById(streamId, 'PRIORITY not of 5 bytes', ErrorCode.frameSizeError);
    else if ((readU32(bytes, start) & STREAM_ID_MAX) === streamId)
      this.#failById(streamId, 'a stream that depends on itself');
  }

  #onResetStream(streamId: number, code: ErrorCode): void {
    const { streams } = this.#deps;
    if (this.#isIdle(streamId)) throw protocolError('RST_STREAM on an idle stream');
    const stream = streams.get(streamId);
    if (stream === undefined) {
      this.#spendControl();
      return;
    }
    if (this.#isServer) this.#spendReset();
    const isComplete = !this.#isServer && stream.isRemoteEnded && code === ErrorCode.noError;
    const error = isComplete
      ? undefined
      : new StreamClosed(code, `reset by the peer: ${errorCodeName(code)}`, {
          isByPeer: true,
          isUnprocessed: !this.#isServer && code === ErrorCode.refusedStream,
        });
    streams.close(stream, error, Closing.resetByPeer);
  }

  #onSettings(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const { peer, output, streams, owner } = this.#deps;
    this.#spendControl();
    if ((flags & Flag.ack) !== 0) {
      owner.onSettingsAck();
      return;
    }
    const before = peer.initialWindowBytes;
    peer.apply(bytes, start, end);
    const growth = peer.initialWindowBytes - before;
    if (growth !== 0) {
      for (const stream of streams.all()) {
        if (!streams.queue.growStream(stream, growth)) throw flowError('a window above 2^31-1 by SETTINGS');
      }
    }
    streams.queue.setFrameBytesMax(peer.frameBytesMax);
    output.settings(EMPTY, true);
    owner.onPeerSettings();
  }

  #onPing(flags: number, bytes: Uint8Array, start: number, end: number): void {
    this.#spendControl();
    if ((flags & Flag.ack) === 0) this.#deps.output.ping(bytes.subarray(start, end), true);
    else this.#deps.owner.onPingAck(bytes, start);
  }

  #onGoAway(bytes: Uint8Array, start: number, end: number): void {
    const debug = String.fromCharCode(...bytes.subarray(start + 8, Math.min(end, start + 8 + DEBUG_BYTES_MAX)));
    this.#deps.owner.onPeerGoAway(readU32(bytes, start) & STREAM_ID_MAX, readU32(bytes, start + 4), debug);
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    const { queue } = this.#deps.streams;
    if (streamId === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE by 0');
      if (!queue.growConnection(increment)) throw flowError("the connection's window above 2^31-1");
      return;
    }
    if (this.#isIdle(streamId)) throw protocolError('WINDOW_UPDATE on an idle stream');
    const stream = this.#deps.streams.get(streamId);
    if (stream === undefined) return;
    if (increment === 0) this.#failStream(stream, ErrorCode.protocolError, 'WINDOW_UPDATE by 0');
    else if (!queue.growStream(stream, increment)) {
      this.#failStream(stream, ErrorCode.flowControlError, 'a window above 2^31-1');
    }
  }

  // Closed streams and faults.

  /** A stream that nobody has opened. */
  #isIdle(streamId: number): boolean {
    const { owner } = this.#deps;
    if (streamId % 2 === 0) return true;
    return this.#isServer
      ? streamId > this.#lastStreamId && streamId <= owner.lastStreamIdTaken
      : streamId >= owner.nextStreamId;
  }

  /** DATA or HEADERS of a stream that is closed (section 5.1), or was left out, or not taken after GOAWAY. */
  #onFrameOfClosed(streamId: number, what: string): void {
    const { closed } = this.#deps.streams;
    if (this.#isServer && streamId > this.#deps.owner.lastStreamIdTaken) return;
    const closing = closed.find(streamId);
    if (closing === Closing.resetByUs) return;
    if (closing === Closing.ended) throw new Http2Error(ErrorCode.streamClosed, `${what} on a closed stream`);
    if (closing === Closing.forgotten && !closed.hasForgotten)
      throw protocolError(`${what} on a stream number that was left out`);
    this.#refuse(streamId, ErrorCode.streamClosed);
  }

  /** RST_STREAM for a stream that has no state; what still comes for it is ignored. */
  #refuse(streamId: number, code: ErrorCode): void {
    this.#spendReset();
    this.#deps.output.resetStream(streamId, code);
    this.#deps.streams.closed.add(streamId, Closing.resetByUs);
  }

  #failStream(stream: Stream, code: ErrorCode, message: string, limit?: string): void {
    this.#spendReset();
    const error = limit === undefined ? new StreamClosed(code, message) : new StreamClosed(code, message, { limit });
    this.#deps.streams.resetStream(stream, error);
  }

  #failById(streamId: number, message: string, code: ErrorCode = ErrorCode.protocolError): void {
    const stream = this.#deps.streams.get(streamId);
    if (stream !== undefined) this.#failStream(stream, code, message);
    else if (!this.#isIdle(streamId)) this.#refuse(streamId, code);
    // RST_STREAM must not name an idle stream (section 6.4).
    else throw new Http2Error(code, message);
  }

  #spendControl(): void {
    if (this.#deps.controlGuard.spend()) return;
    const message = 'too many frames without use';
    throw new Http2Error(ErrorCode.enhanceYourCalm, message, { limit: 'controlFramesPerSecond' });
  }

  #spendReset(): void {
    if (this.#deps.resetGuard.spend()) return;
    throw new Http2Error(ErrorCode.enhanceYourCalm, 'too many streams reset', { limit: 'resetsPerSecond' });
  }
}

const EMPTY = new Uint8Array(0);
/** Bytes of a GOAWAY's debug data that are looked at. */
const DEBUG_BYTES_MAX = 256;

function protocolError(message: string): Http2Error {
  return new Http2Error(ErrorCode.protocolError, message);
}

function sizeError(message: string): Http2Error {
  return new Http2Error(ErrorCode.frameSizeError, message);
}

function flowError(message: string): Http2Error {
  return new Http2Error(ErrorCode.flowControlError, message);
}
