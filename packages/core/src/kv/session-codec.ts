/**
 * The row of one session (`side-row.ts`). Little-endian; one encoding of each state, and the decoder accepts no other.
 *
 * | offset in the body | field |
 * |---|---|
 * | 0 | session u64 |
 * | 8 | firstUnacknowledged u64 |
 * | 16 | used at: ms of shardTime u64 |
 * | 24 | number of outcomes u32, zero u32 |
 * | 32 | outcomes in the order of their sequences, 40 bytes each |
 *
 * An outcome: sequence u64, kind u32 (1 put, 2 delete, 3 conditionFailed), zero u32, revision u64, then two u64: createRevision and version of a put,
 * deleted and 0 of a delete, modRevision and 0 of a failed condition.
 */
import { isMutated } from '../base/mutation.js';
import { isSafeU64, readU32, readU64, writeU32, writeU64 } from '../base/bytes.js';
import type { WriteOutcome } from './outcome.js';
import { isSideRow, SIDE_ROW_HEADER_BYTES, startSideRow } from './side-row.js';

/** How far a sequence may be ahead of the first unacknowledged one: outcomes kept for one session. */
export const SESSION_WINDOW = 1_024;

/** Sessions that may be open in a shard; further ones are refused, none is ended for another. */
export const SESSIONS_MAX = 10_000;

/** A session that was not used for this long, in shardTime, ends. */
export const SESSION_IDLE_MS = 3_600_000;

const HEAD_BYTES = 32;
const OUTCOME_BYTES = 40;
const KIND_PUT = 1;
const KIND_DELETE = 2;
const KIND_CONDITION_FAILED = 3;

/** What is kept of a session. */
export interface SessionState {
  readonly id: number;
  firstUnacknowledged: number;
  /** shardTime of the last command that used it. */
  usedAtMs: number;
  /** By sequence, all of them within the window. */
  readonly outcomes: Map<number, WriteOutcome>;
}

/** Encodes the row of a session. */
export function encodeSession(session: SessionState): Uint8Array {
  const kept = isMutated('dedupTableLost') ? [] : [...session.outcomes.keys()];
  const sequences = kept.sort((a, b) => a - b);
  const row = startSideRow(HEAD_BYTES + sequences.length * OUTCOME_BYTES);
  writeU64(row, SIDE_ROW_HEADER_BYTES, session.id);
  writeU64(row, SIDE_ROW_HEADER_BYTES + 8, session.firstUnacknowledged);
  writeU64(row, SIDE_ROW_HEADER_BYTES + 16, session.usedAtMs);
  writeU32(row, SIDE_ROW_HEADER_BYTES + 24, sequences.length);
  let at = SIDE_ROW_HEADER_BYTES + HEAD_BYTES;
  for (const sequence of sequences) {
    const outcome = session.outcomes.get(sequence);
    if (outcome !== undefined) writeOutcome(row, at, sequence, outcome);
    at += OUTCOME_BYTES;
  }
  return row;
}

/** Decodes the row of a session; undefined when it is not the encoding of one. */
export function decodeSession(row: Uint8Array): SessionState | undefined {
  const body = SIDE_ROW_HEADER_BYTES;
  if (row.length < body + HEAD_BYTES || !isSideRow(row)) return undefined;
  const count = readU32(row, body + 24);
  if (count > SESSION_WINDOW || readU32(row, body + 28) !== 0) return undefined;
  if (row.length !== body + HEAD_BYTES + count * OUTCOME_BYTES) return undefined;
  if (!isSafeU64(row, body) || !isSafeU64(row, body + 8) || !isSafeU64(row, body + 16)) return undefined;
  const outcomes = new Map<number, WriteOutcome>();
  const firstUnacknowledged = readU64(row, body + 8);
  const session = { id: readU64(row, body), firstUnacknowledged, usedAtMs: readU64(row, body + 16), outcomes };
  if (session.id === 0 || firstUnacknowledged === 0) return undefined;
  let before = firstUnacknowledged - 1;
  for (let at = body + HEAD_BYTES; at < row.length; at += OUTCOME_BYTES) {
    const outcome = readOutcome(row, at);
    if (outcome === undefined || !isSafeU64(row, at)) return undefined;
    const sequence = readU64(row, at);
    if (sequence <= before || sequence >= firstUnacknowledged + SESSION_WINDOW) return undefined;
    outcomes.set(sequence, outcome);
    before = sequence;
  }
  return session;
}

function writeOutcome(row: Uint8Array, at: number, sequence: number, outcome: WriteOutcome): void {
  writeU64(row, at, sequence);
  writeU64(row, at + 16, outcome.revision);
  switch (outcome.kind) {
    case 'put':
      writeU32(row, at + 8, KIND_PUT);
      writeU64(row, at + 24, outcome.createRevision);
      writeU64(row, at + 32, outcome.version);
      return;
    case 'delete':
      writeU32(row, at + 8, KIND_DELETE);
      writeU64(row, at + 24, outcome.deleted);
      return;
    case 'conditionFailed':
      writeU32(row, at + 8, KIND_CONDITION_FAILED);
      writeU64(row, at + 24, outcome.modRevision);
      return;
  }
}

function readOutcome(row: Uint8Array, at: number): WriteOutcome | undefined {
  if (!isSafeU64(row, at + 16) || !isSafeU64(row, at + 24) || !isSafeU64(row, at + 32)) return undefined;
  const kind = readU32(row, at + 8);
  const revision = readU64(row, at + 16);
  const first = readU64(row, at + 24);
  const second = readU64(row, at + 32);
  if (readU32(row, at + 12) !== 0) return undefined;
  if (kind === KIND_PUT) return { kind: 'put', revision, createRevision: first, version: second };
  if (second !== 0) return undefined;
  if (kind === KIND_DELETE) return { kind: 'delete', revision, deleted: first };
  if (kind === KIND_CONDITION_FAILED) return { kind: 'conditionFailed', revision, modRevision: first };
  return undefined;
}
