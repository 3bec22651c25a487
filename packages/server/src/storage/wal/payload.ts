/** Payloads of the record types as bytes, and back. Little-endian; a decoder answers undefined for bytes that can't be of its type. */
import { isSafeU64, readU64, writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import type { Entry, EntryType } from '@kvorum/core/raft/entry.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import type { LogPosition, SnapshotMark } from './wal.js';

const ENTRY_TYPES: readonly EntryType[] = ['normal', 'confChange', 'confChangeV2'];
const ENTRY_FIXED_BYTES = 17;
export const HARD_STATE_BYTES = 24;
const POSITION_BYTES = 16;
const TABLE_FIXED_BYTES = 49;
export const U64_BYTES = 8;
export const TABLE_HEAD_BYTES = 4;

/** A shard's line in the segment table. */
export interface TableShard {
  readonly hardState: HardState;
  readonly logStart: LogPosition;
  readonly confState: Uint8Array;
  readonly removedIncarnation: number | undefined;
}

/** A log start; without `confState` the one remembered stays. */
export interface LogStartMark extends LogPosition {
  readonly confState: Uint8Array | undefined;
}

export function entryPayloadBytes(entry: Entry): number {
  return ENTRY_FIXED_BYTES + entry.data.length;
}

export function writeEntry(target: Uint8Array, at: number, entry: Entry): void {
  writeU64(target, at, entry.index);
  writeU64(target, at + 8, entry.term);
  target[at + 16] = ENTRY_TYPES.indexOf(entry.type);
  target.set(entry.data, at + ENTRY_FIXED_BYTES);
}

/** `data` is a copy: a kept entry must not hold on to a whole segment (N13). */
export function readEntry(payload: Uint8Array): Entry | undefined {
  const type = ENTRY_TYPES[payload[16] ?? -1];
  if (payload.length < ENTRY_FIXED_BYTES || type === undefined || !areSafe(payload, 0, 2)) return undefined;
  return { index: readU64(payload, 0), term: readU64(payload, 8), type, data: payload.slice(ENTRY_FIXED_BYTES) };
}

export function writeHardState(target: Uint8Array, at: number, hardState: HardState): void {
  writeU64(target, at, hardState.term);
  writeU64(target, at + 8, hardState.vote);
  writeU64(target, at + 16, hardState.commit);
}

export function readHardState(payload: Uint8Array): HardState | undefined {
  if (payload.length < HARD_STATE_BYTES || !areSafe(payload, 0, 3)) return undefined;
  return { term: readU64(payload, 0), vote: readU64(payload, 8), commit: readU64(payload, 16) };
}

export function snapshotPayloadBytes(mark: SnapshotMark): number {
  return POSITION_BYTES + mark.confState.length;
}

export function writeSnapshot(target: Uint8Array, at: number, mark: SnapshotMark): void {
  writeU64(target, at, mark.index);
  writeU64(target, at + 8, mark.term);
  target.set(mark.confState, at + POSITION_BYTES);
}

export function readSnapshot(payload: Uint8Array): SnapshotMark | undefined {
  if (payload.length < POSITION_BYTES || !areSafe(payload, 0, 2)) return undefined;
  return { index: readU64(payload, 0), term: readU64(payload, 8), confState: payload.slice(POSITION_BYTES) };
}

export function logStartPayloadBytes(mark: LogStartMark): number {
  return POSITION_BYTES + 1 + (mark.confState?.length ?? 0);
}

export function writeLogStart(target: Uint8Array, at: number, mark: LogStartMark): void {
  writeU64(target, at, mark.index);
  writeU64(target, at + 8, mark.term);
  target[at + POSITION_BYTES] = mark.confState === undefined ? 0 : 1;
  if (mark.confState !== undefined) target.set(mark.confState, at + POSITION_BYTES + 1);
}

export function readLogStart(payload: Uint8Array): LogStartMark | undefined {
  if (payload.length < POSITION_BYTES + 1 || !areSafe(payload, 0, 2)) return undefined;
  const confState = payload[POSITION_BYTES] === 1 ? payload.slice(POSITION_BYTES + 1) : undefined;
  return { index: readU64(payload, 0), term: readU64(payload, 8), confState };
}

export function tablePayloadBytes(line: TableShard): number {
  return TABLE_FIXED_BYTES + line.confState.length;
}

export function writeTable(target: Uint8Array, at: number, line: TableShard): void {
  writeHardState(target, at, line.hardState);
  writeU64(target, at + 24, line.logStart.index);
  writeU64(target, at + 32, line.logStart.term);
  target[at + 40] = line.removedIncarnation === undefined ? 0 : 1;
  writeU64(target, at + 41, line.removedIncarnation ?? 0);
  target.set(line.confState, at + TABLE_FIXED_BYTES);
}

export function readTable(payload: Uint8Array): TableShard | undefined {
  const hardState = readHardState(payload);
  if (hardState === undefined || payload.length < TABLE_FIXED_BYTES) return undefined;
  if (!areSafe(payload, 24, 2) || !areSafe(payload, 41, 1)) return undefined;
  return {
    hardState,
    logStart: { index: readU64(payload, 24), term: readU64(payload, 32) },
    confState: payload.slice(TABLE_FIXED_BYTES),
    removedIncarnation: payload[40] === 1 ? readU64(payload, 41) : undefined,
  };
}

export function writeCount(target: Uint8Array, at: number, count: number): void {
  writeU32(target, at, count);
}

export function writeNumber(target: Uint8Array, at: number, value: number): void {
  writeU64(target, at, value);
}

export function readNumber(payload: Uint8Array): number | undefined {
  return payload.length < U64_BYTES || !areSafe(payload, 0, 1) ? undefined : readU64(payload, 0);
}

function areSafe(payload: Uint8Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (!isSafeU64(payload, at + i * U64_BYTES)) return false;
  return true;
}
