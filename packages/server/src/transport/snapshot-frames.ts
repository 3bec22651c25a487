/**
 * A snapshot on its socket, in frames:
 *
 * ```
 * sender    header   the MsgSnap as a message record
 *           chunk    u32 number from 0, bytes                       } each under the CRC32 of its frame
 *           trailer  u32 number of chunks, u64 bytes, u32 CRC32 of all bytes
 * receiver  result   u8: at any time after the header
 * ```
 */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import type { Message } from '@kvorum/core/raft/message.js';
import { encodeFrame, FRAME_HEADER_BYTES, FrameType, sealFrame } from './frame.js';
import { messageBytes, readMessage, writeMessage } from './message-codec.js';
import { allocateBytes, ByteReader, ProtocolError } from './wire.js';

/** Largest piece of a chunk in one frame; larger chunks are cut. */
export const SNAPSHOT_PIECE_BYTES_MAX = 256 * 1024;

/** Largest frame on a snapshot's socket. */
export const SNAPSHOT_FRAME_BYTES_MAX = 1024 * 1024;

/** How the receiver fared. Numbers are part of the format. */
const RESULTS = ['installed', 'refused', 'failed'] as const;
/** What the receiver says at the end. */
export type SnapshotResult = (typeof RESULTS)[number];

/** What a whole snapshot must add up to. */
export interface SnapshotTrailer {
  readonly chunks: number;
  readonly bytes: number;
  readonly crc: number;
}

export function encodeSnapshotHeader(shard: number, message: Message): Uint8Array {
  const body = new Uint8Array(messageBytes(message));
  writeMessage(body, 0, shard, message);
  return encodeFrame(FrameType.snapshotHeader, body);
}

export function decodeSnapshotHeader(body: Uint8Array): { readonly shard: number; readonly message: Message } {
  const reader = new ByteReader(body);
  const shard = reader.u32();
  const message = readMessage(reader);
  reader.expectEnd();
  if (message.type !== 'MsgSnap' || message.snapshot === null) throw new ProtocolError('not a snapshot message');
  return { shard, message };
}

/** A chunk frame around a copy of `chunk`. */
export function encodeSnapshotChunk(number: number, chunk: Uint8Array): Uint8Array {
  const frame = allocateBytes(FRAME_HEADER_BYTES + 4 + chunk.length);
  writeU32(frame, FRAME_HEADER_BYTES, number);
  frame.set(chunk, FRAME_HEADER_BYTES + 4);
  sealFrame(frame, FrameType.snapshotChunk, frame.length);
  return frame;
}

/** The bytes are a view. */
export function decodeSnapshotChunk(body: Uint8Array): { readonly number: number; readonly bytes: Uint8Array } {
  const reader = new ByteReader(body);
  return { number: reader.u32(), bytes: reader.bytes(reader.left) };
}

export function encodeSnapshotTrailer(trailer: SnapshotTrailer): Uint8Array {
  const body = new Uint8Array(16);
  writeU32(body, 0, trailer.chunks);
  writeU64(body, 4, trailer.bytes);
  writeU32(body, 12, trailer.crc);
  return encodeFrame(FrameType.snapshotTrailer, body);
}

export function decodeSnapshotTrailer(body: Uint8Array): SnapshotTrailer {
  const reader = new ByteReader(body);
  const trailer = { chunks: reader.u32(), bytes: reader.u64(), crc: reader.u32() };
  reader.expectEnd();
  return trailer;
}

export function encodeSnapshotResult(result: SnapshotResult): Uint8Array {
  return encodeFrame(FrameType.snapshotResult, Uint8Array.of(RESULTS.indexOf(result)));
}

export function decodeSnapshotResult(body: Uint8Array): SnapshotResult {
  const reader = new ByteReader(body);
  const result = RESULTS[reader.u8()];
  reader.expectEnd();
  if (result === undefined) throw new ProtocolError('unknown result of a snapshot');
  return result;
}
