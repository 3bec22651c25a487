/** The other end of a connection under test: sends any bytes and collects the frames that it gets. */
import { MemoryConnection, type MemoryOptions } from '../../base/testing/memory-connection.js';
import type { ManualClock } from '../../base/testing/manual-clock.js';
import { ByteSink } from '../../base/byte-sink.js';
import { createRuntime } from '../../base/runtime.js';
import { HpackEncoder } from '../../hpack/hpack-encoder.js';
import { Flag, FrameType, PREFACE, readU32, writeFrameHeader } from '../frame.js';
import { FrameReader } from '../frame-reader.js';
import { Http2Connection } from '../http2-connection.js';
import type { Http2Handler } from '../http2-handler.js';
import type { Http2Limits } from '../http2-options.js';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The bytes of one frame. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | readonly number[] = [],
): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  writeFrameHeader(bytes, 0, payload.length, type, flags, streamId);
  bytes.set(payload, 9);
  return bytes;
}

export function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** Talks to a connection of the other role. */
export class RawPeer {
  readonly frames: Frame[] = [];
  isEnded = false;
  isClosed = false;
  readonly end: MemoryConnection;
  readonly connection: Http2Connection;
  readonly clock: ManualClock;
  readonly encoder = new HpackEncoder({ tableBytesMax: 0 });
  #preface: number;

  constructor(
    clock: ManualClock,
    role: 'client' | 'server',
    handler: Http2Handler,
    limits: Partial<Http2Limits> = {},
    options: MemoryOptions = {},
  ) {
    this.clock = clock;
    const tested = new MemoryConnection(clock, options);
    this.end = new MemoryConnection(clock, {});
    tested.peer = this.end;
    this.end.peer = tested;
    this.#preface = role === 'client' ? PREFACE.length : 0;
    const reader = new FrameReader({
      onFrameStart: () => {},
      onFrame: (type, flags, streamId, bytes, start, end) => {
        this.frames.push({ type, flags, streamId, payload: Buffer.from(bytes.subarray(start, end)) });
      },
      onDataPiece: (streamId, flags, piece) => {
        this.frames.push({ type: FrameType.data, flags, streamId, payload: Buffer.from(piece) });
      },
    });
    this.end.handler = {
      onData: (bytes) => {
        const skipped = Math.min(this.#preface, bytes.length);
        this.#preface -= skipped;
        reader.push(bytes, skipped);
      },
      onDrain: () => {},
      onEnd: () => {
        this.isEnded = true;
        this.end.end();
      },
      onClose: () => {
        this.isClosed = true;
      },
    };
    this.connection = new Http2Connection(
      { connection: tested, runtime: createRuntime(clock), handler },
      { role, limits },
    );
    if (role === 'server') this.send(PREFACE);
    clock.settle();
  }

  /** SETTINGS both ways, so that the connection is open. */
  begin(settings: readonly number[] = []): this {
    this.send(frame(FrameType.settings, 0, 0, settings), frame(FrameType.settings, Flag.ack, 0));
    this.frames.length = 0;
    return this;
  }

  send(...parts: readonly Uint8Array[]): void {
    this.end.write(Buffer.concat(parts));
    this.clock.settle();
  }

  block(headers: readonly string[]): Buffer {
    const sink = new ByteSink();
    this.encoder.encode(headers, sink);
    return Buffer.from(sink.view());
  }

  headers(streamId: number, headers: readonly string[], flags: number = Flag.endHeaders): Buffer {
    return frame(FrameType.headers, flags, streamId, this.block(headers));
  }

  of(type: number): Frame[] {
    return this.frames.filter((each) => each.type === type);
  }

  /** Code of the GOAWAY that came, if one did. */
  get goAway(): number | undefined {
    const last = this.of(FrameType.goAway).at(-1);
    return last === undefined ? undefined : readU32(last.payload, 4);
  }

  /** Code of the last RST_STREAM for a stream. */
  resetOf(streamId: number): number | undefined {
    const last = this.of(FrameType.rstStream)
      .filter((each) => each.streamId === streamId)
      .at(-1);
    return last === undefined ? undefined : readU32(last.payload, 0);
  }
}
