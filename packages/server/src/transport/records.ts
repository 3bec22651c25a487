/**
 * What a batch frame holds: records, each `u32 length, u8 kind, body`, in the order they were queued. Every body starts with `u32 shard`.
 */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import type { ForwardAnswer } from './transport.js';
import { type ByteReader, ProtocolError } from './wire.js';

/** Numbers are part of the format: never use one again for something else. */
export const RecordKind = {
  message: 1,
  /** A vote or the request for one: a message behind 8 bytes of the sender's incarnation (R5). */
  vote: 2,
  heartbeat: 3,
  heartbeatResp: 4,
  forward: 5,
  answer: 6,
  comparison: 7,
  /** Since version 2. */
  freshness: 8,
} as const;

/** Reasons of a refused forward. Numbers are part of the format. */
type RefusedReason = Extract<ForwardAnswer, { kind: 'refused' }>['reason'];
const REFUSED_REASONS: readonly RefusedReason[] = ['notLeader', 'overloaded', 'noSpace', 'stopping'];

const ACCEPTED = 0;
const REFUSED = 1;

/** Size of an encoded answer of either kind. */
export const ANSWER_BYTES = 4 + 8 + 1 + 8 + 8 + 4;

const FORWARD_FIXED_BYTES = 4 + 8 + 4;

/** A forwarded request, read. Commands are views. */
export interface ForwardRecord {
  readonly requestId: number;
  readonly commands: readonly Uint8Array[];
}

/** An answer, read. */
export interface AnswerRecord {
  readonly requestId: number;
  readonly answer: ForwardAnswer;
}

/** Size of an encoded forward. */
export function forwardBytes(commands: readonly Uint8Array[]): number {
  let size = FORWARD_FIXED_BYTES;
  for (const command of commands) size += 4 + command.length;
  return size;
}

export function writeForward(
  bytes: Uint8Array,
  start: number,
  shard: number,
  requestId: number,
  commands: readonly Uint8Array[],
): void {
  writeU32(bytes, start, shard);
  writeU64(bytes, start + 4, requestId);
  writeU32(bytes, start + 12, commands.length);
  let at = start + FORWARD_FIXED_BYTES;
  for (const command of commands) {
    writeU32(bytes, at, command.length);
    bytes.set(command, at + 4);
    at += 4 + command.length;
  }
}

/** Reads a forward behind its shard. */
export function readForward(reader: ByteReader): ForwardRecord {
  const requestId = reader.u64();
  const count = reader.u32();
  if (count > reader.left / 4) throw new ProtocolError('more commands than bytes');
  const commands: Uint8Array[] = [];
  for (let n = 0; n < count; n += 1) commands.push(reader.sizedBytes());
  return { requestId, commands };
}

export function writeAnswer(
  bytes: Uint8Array,
  at: number,
  shard: number,
  requestId: number,
  answer: ForwardAnswer,
): void {
  const isAccepted = answer.kind === 'accepted';
  writeU32(bytes, at, shard);
  writeU64(bytes, at + 4, requestId);
  bytes[at + 12] = isAccepted ? ACCEPTED : REFUSED;
  writeU64(bytes, at + 13, isAccepted ? answer.index : REFUSED_REASONS.indexOf(answer.reason));
  writeU64(bytes, at + 21, isAccepted ? answer.term : 0);
  writeU32(bytes, at + 29, isAccepted ? answer.offset : 0);
}

/** Reads an answer behind its shard. */
export function readAnswer(reader: ByteReader): AnswerRecord {
  const requestId = reader.u64();
  const kind = reader.u8();
  const index = reader.u64();
  const term = reader.u64();
  const offset = reader.u32();
  if (kind === ACCEPTED) return { requestId, answer: { kind: 'accepted', index, term, offset } };
  const reason = REFUSED_REASONS[index];
  if (kind !== REFUSED || reason === undefined) throw new ProtocolError('unknown kind of answer');
  return { requestId, answer: { kind: 'refused', reason } };
}
