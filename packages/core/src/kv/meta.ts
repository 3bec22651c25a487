/**
 * The meta row: everything of a shard's state that is not a record. It commits in one transaction with the records and deletes of its flush (R9),
 * and opens a snapshot. One canonical encoding, so equal states have equal bytes.
 *
 * | offset | field (little-endian) |
 * |---|---|
 * | 0 | format u8 = 1, reserved 3 bytes |
 * | 4 | ConfState length u32 |
 * | 8 | applied index u64, 16: applied term u64 |
 * | 24 | currentRevision u64, 32: compactRevision u64 |
 * | 40 | compaction progress: main u64, 48: sub u32, 52: isCompacting u32 (0 or 1) |
 * | 56 | chain hash low u32, high u32, 64: content hash low u32, high u32 |
 * | 72 | shardTime ms u64 |
 * | 80 | ConfState, opaque |
 */
import { byteAt, cloneBytes, EMPTY_BYTES, isSafeU64, readU32, readU64, writeU32, writeU64 } from '../base/bytes.js';
import { DecodeError } from './errors.js';

/** Version of the meta row. */
export const META_FORMAT = 1;

const META_FIXED_BYTES = 80;
const SAFE_U64_OFFSETS: readonly number[] = [8, 16, 24, 32, 40, 72];

/** A 64-bit hash as two unsigned halves: no BigInt on the hot path. */
export interface Hash64 {
  readonly low: number;
  readonly high: number;
}

/** State of a shard apart from its records. */
export interface ShardMeta {
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  /** 1 for a shard that was never written to, as in etcd. */
  readonly currentRevision: number;
  /** 0 when never compacted. Reads below it are refused. */
  readonly compactRevision: number;
  /** Last record that physical compaction has handled. */
  readonly compactedTo: { readonly main: number; readonly sub: number };
  /** Whether physical compaction up to `compactRevision` is still going on. */
  readonly isCompacting: boolean;
  /** Over all applied entries: equal on replicas with equal applied index. */
  readonly chainHash: Hash64;
  /** Over all records: comparable at equal compactRevision with physical compaction finished. */
  readonly contentHash: Hash64;
  readonly shardTimeMs: number;
  /** The Raft configuration at the applied index, as the host encodes it. */
  readonly confState: Uint8Array;
}

/** The part of it that replicas compare at one applied index (R14). */
export type StateHashes = Omit<ShardMeta, 'compactedTo' | 'shardTimeMs' | 'confState'>;

/** Meta of a shard before its first entry. */
export const INITIAL_META: ShardMeta = {
  appliedIndex: 0,
  appliedTerm: 0,
  currentRevision: 1,
  compactRevision: 0,
  compactedTo: { main: 0, sub: 0 },
  isCompacting: false,
  chainHash: { low: 0, high: 0 },
  contentHash: { low: 0, high: 0 },
  shardTimeMs: 0,
  confState: EMPTY_BYTES,
};

/** Encodes the meta row. */
export function encodeMeta(meta: ShardMeta): Uint8Array {
  const bytes = new Uint8Array(META_FIXED_BYTES + meta.confState.length);
  bytes[0] = META_FORMAT;
  writeU32(bytes, 4, meta.confState.length);
  writeU64(bytes, 8, meta.appliedIndex);
  writeU64(bytes, 16, meta.appliedTerm);
  writeU64(bytes, 24, meta.currentRevision);
  writeU64(bytes, 32, meta.compactRevision);
  writeU64(bytes, 40, meta.compactedTo.main);
  writeU32(bytes, 48, meta.compactedTo.sub);
  writeU32(bytes, 52, meta.isCompacting ? 1 : 0);
  writeU32(bytes, 56, meta.chainHash.low);
  writeU32(bytes, 60, meta.chainHash.high);
  writeU32(bytes, 64, meta.contentHash.low);
  writeU32(bytes, 68, meta.contentHash.high);
  writeU64(bytes, 72, meta.shardTimeMs);
  bytes.set(meta.confState, META_FIXED_BYTES);
  return bytes;
}

/** Decodes a meta row; `confState` is a copy. @throws DecodeError with code BAD_META */
export function decodeMeta(bytes: Uint8Array): ShardMeta {
  check(bytes.length >= META_FIXED_BYTES, 'cut short');
  check(bytes[0] === META_FORMAT, 'unknown format');
  check(byteAt(bytes, 1) === 0 && byteAt(bytes, 2) === 0 && byteAt(bytes, 3) === 0, 'reserved bytes are not zero');
  check(bytes.length - META_FIXED_BYTES === readU32(bytes, 4), 'wrong length');
  check(readU32(bytes, 52) <= 1, 'bad isCompacting');
  for (const offset of SAFE_U64_OFFSETS) check(isSafeU64(bytes, offset), 'number out of range');
  return {
    appliedIndex: readU64(bytes, 8),
    appliedTerm: readU64(bytes, 16),
    currentRevision: readU64(bytes, 24),
    compactRevision: readU64(bytes, 32),
    compactedTo: { main: readU64(bytes, 40), sub: readU32(bytes, 48) },
    isCompacting: readU32(bytes, 52) === 1,
    chainHash: { low: readU32(bytes, 56), high: readU32(bytes, 60) },
    contentHash: { low: readU32(bytes, 64), high: readU32(bytes, 68) },
    shardTimeMs: readU64(bytes, 72),
    confState: cloneBytes(bytes, META_FIXED_BYTES),
  };
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new DecodeError('BAD_META', `meta row: ${message}`);
}
