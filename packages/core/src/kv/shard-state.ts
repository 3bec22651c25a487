/**
 * What apply, reads, compaction and flush of one shard share: plain fields with one writer each, and the record lookup.
 */
import { assert } from '../base/assert.js';
import { CorruptError } from './errors.js';
import { KeyIndex } from './key-index.js';
import type { Hash64, ShardMeta } from './meta.js';
import type { RecordStore } from './ports.js';
import { Pins } from './pins.js';
import { RecordRing } from './record-ring.js';
import { Sessions } from './sessions.js';
import { ChainHash, ContentHash } from './state-hash.js';

/** Mutable state of a shard. */
export class ShardState {
  readonly index = new KeyIndex();
  readonly ring: RecordRing;
  readonly store: RecordStore;
  readonly chain: ChainHash;
  readonly content: ContentHash;
  readonly sessions: Sessions;
  readonly pins = new Pins();
  /** Written by apply. */
  appliedIndex: number;
  appliedTerm: number;
  currentRevision: number;
  compactRevision: number;
  shardTimeMs: number;
  confState: Uint8Array;
  /** An entry is applied in part: the index is ahead of `currentRevision`. */
  isApplying = false;
  /** Written by compaction: the last record it handled, and the store keys to delete with the next flush. */
  compactedMain: number;
  compactedSub: number;
  isCompacting: boolean;
  /** Records of this `main` up to this `sub` were handled by the compaction before: only their tombstones are left to do. */
  revisitMain = 0;
  revisitSub = 0;
  pendingDeletes: Uint8Array[] = [];
  /** Records looked up so far: what a slice of a read has cost. */
  recordReads = 0;

  constructor(store: RecordStore, ringBytesMax: number, meta: ShardMeta, contentHash = meta.contentHash) {
    this.store = store;
    this.ring = new RecordRing(ringBytesMax);
    this.chain = new ChainHash(meta.chainHash);
    this.content = new ContentHash(contentHash);
    this.sessions = new Sessions(this.content);
    this.appliedIndex = meta.appliedIndex;
    this.appliedTerm = meta.appliedTerm;
    this.currentRevision = meta.currentRevision;
    this.compactRevision = meta.compactRevision;
    this.shardTimeMs = meta.shardTimeMs;
    this.confState = meta.confState;
    this.compactedMain = meta.compactedTo.main;
    this.compactedSub = meta.compactedTo.sub;
    this.isCompacting = meta.isCompacting;
  }

  /** The record at {main, sub}, from the ring or else the store. */
  record(main: number, sub: number): Uint8Array | undefined {
    this.recordReads += 1;
    return this.ring.get(main, sub) ?? this.store.get(main, sub);
  }

  /** A record that must be there. @throws CorruptError */
  requireRecord(main: number, sub: number): Uint8Array {
    const record = this.record(main, sub);
    if (record === undefined) throw new CorruptError(`record ${main}.${sub} is missing`);
    return record;
  }

  /** Over all records and rows of side tables. */
  contentHash(): Hash64 {
    this.sessions.hash();
    return this.content.value;
  }

  /** The meta row as of the last applied entry. */
  meta(): ShardMeta {
    assert(!this.isApplying, 'no meta row inside an entry');
    return {
      appliedIndex: this.appliedIndex,
      appliedTerm: this.appliedTerm,
      currentRevision: this.currentRevision,
      compactRevision: this.compactRevision,
      compactedTo: { main: this.compactedMain, sub: this.compactedSub },
      isCompacting: this.isCompacting,
      chainHash: this.chain.value,
      contentHash: this.contentHash(),
      shardTimeMs: this.shardTimeMs,
      confState: this.confState,
    };
  }
}
