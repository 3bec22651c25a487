/**
 * What replicas tell each other to compare their states (R14): a replica reports its state hashes at the index that the leader named, and the leader tells
 * those that are wrong, or may be, to stop.
 *
 * ```
 * comparison  u32 shard, u8 kind, u64 appliedIndex, appliedTerm, currentRevision, compactRevision, u8 isCompacting,
 *             u32 chain low, high, content low, high
 * ```
 * Little-endian. A verdict repeats the hashes that were reported, so that it can only hit the replica that reported them.
 */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import type { StateHashes } from '@kvorum/core/kv/meta.js';
import { type ByteReader, ProtocolError } from './wire.js';

/** What is held against a replica. */
export interface Accusation {
  /** `minority`: a quorum holds another state. `noMajority`: replicas differ and none is known to be right. */
  readonly cause: 'minority' | 'noMajority';
  /** In what follows from the log alone, or in the records. */
  readonly differsIn: 'log' | 'content';
}

/** Without an accusation a report to the leader, with one a verdict for the replica that reported these hashes. */
export interface ComparisonMessage {
  readonly hashes: StateHashes;
  readonly accusation: Accusation | undefined;
}

/** Size of an encoded comparison. */
export const COMPARISON_BYTES = 4 + 1 + 4 * 8 + 1 + 4 * 4;

/** Numbers are part of the format. */
const KINDS: readonly (Accusation | undefined)[] = [
  undefined,
  { cause: 'minority', differsIn: 'log' },
  { cause: 'minority', differsIn: 'content' },
  { cause: 'noMajority', differsIn: 'log' },
  { cause: 'noMajority', differsIn: 'content' },
];

/** Writes a comparison at `at`; takes {@link COMPARISON_BYTES}. */
export function writeComparison(bytes: Uint8Array, at: number, shard: number, message: ComparisonMessage): void {
  const { hashes, accusation } = message;
  writeU32(bytes, at, shard);
  bytes[at + 4] = KINDS.findIndex(
    (kind) => kind?.cause === accusation?.cause && kind?.differsIn === accusation?.differsIn,
  );
  writeU64(bytes, at + 5, hashes.appliedIndex);
  writeU64(bytes, at + 13, hashes.appliedTerm);
  writeU64(bytes, at + 21, hashes.currentRevision);
  writeU64(bytes, at + 29, hashes.compactRevision);
  bytes[at + 37] = hashes.isCompacting ? 1 : 0;
  writeU32(bytes, at + 38, hashes.chainHash.low);
  writeU32(bytes, at + 42, hashes.chainHash.high);
  writeU32(bytes, at + 46, hashes.contentHash.low);
  writeU32(bytes, at + 50, hashes.contentHash.high);
}

/** Reads a comparison behind its shard. */
export function readComparison(reader: ByteReader): ComparisonMessage {
  const kind = reader.u8();
  if (kind >= KINDS.length) throw new ProtocolError('unknown kind of comparison');
  const appliedIndex = reader.u64();
  const appliedTerm = reader.u64();
  const currentRevision = reader.u64();
  const compactRevision = reader.u64();
  const isCompacting = reader.u8();
  if (isCompacting > 1) throw new ProtocolError('neither true nor false');
  const hash = () => ({ low: reader.u32(), high: reader.u32() });
  const chainHash = hash();
  const contentHash = hash();
  return {
    hashes: {
      appliedIndex,
      appliedTerm,
      currentRevision,
      compactRevision,
      isCompacting: isCompacting === 1,
      chainHash,
      contentHash,
    },
    accusation: KINDS[kind],
  };
}
