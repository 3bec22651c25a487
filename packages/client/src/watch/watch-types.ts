/** What callers of a watch see. */
import type { Bytes } from '../base/bytes.js';
import type { KeyValue } from '../base/key-value.js';

/** One change of one key. Its bytes are its own. */
export interface WatchEvent {
  readonly type: 'put' | 'delete';
  readonly key: Uint8Array;
  /** When it happened. */
  readonly revision: number;
  /** What the key became; undefined when it was deleted. */
  readonly kv: KeyValue | undefined;
  /** What it was before. Undefined when it did not exist, when that was compacted away, or without {@link WatchOptions.prevKv}. */
  readonly prevKv: KeyValue | undefined;
}

/** Changes in the order of revisions. */
export interface WatchBatch {
  /** Every wanted change up to and including this revision has been delivered, with this batch: go on at the next one. */
  readonly revision: number;
  /** Whole revisions, unless {@link WatchOptions.fragment}. Empty where only progress is told. */
  readonly events: readonly WatchEvent[];
  /** More changes of the last event's revision follow in the next batch. Then `revision` is the one before it. */
  readonly isFragment: boolean;
}

/** Which changes, and how. At most one of `key`, `prefix` and `start` with `end`; without any of them all keys. */
export interface WatchOptions {
  readonly key?: Bytes;
  readonly prefix?: Bytes;
  /** The first key of a range. */
  readonly start?: Bytes;
  /** The first key that is left out. Default: to the last key. */
  readonly end?: Bytes;
  /** The first revision to deliver. Default 0: what comes after the watch has begun. */
  readonly fromRevision?: number;
  /** Events tell what a key was before. */
  readonly prevKv?: boolean;
  /** Batches without events tell how far the watch is: one when it has begun, others now and then while nothing changes. */
  readonly progress?: boolean;
  /** A revision with very many events may come in several batches. Default false: it is held until all of it is there. */
  readonly fragment?: boolean;
  /** Ends the watch with CANCELLED. */
  readonly signal?: AbortSignal;
}
