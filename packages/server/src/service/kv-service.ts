/**
 * What a node offers to every face (HTTP, later gRPC) and to embedders: the key-value operations of one keyspace, and the node's status.
 * Faces decode and validate shape; the service checks limits, routes the key to its shard and waits. All failures are `KvorumError`s.
 *
 * This file holds types only.
 */

import type { KvorumError } from '@kvorum/protocol';

/** A key's state at a revision. Byte fields belong to the caller. */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

export interface ReadOptions {
  /**
   * `linearizable` (default) sees every write acknowledged before the call; `serializable` answers at once from this node's state; `maxStaleness`
   * does so, too, if that shows every write acknowledged `maxStalenessMs` before the call, and fails with UNAVAILABLE otherwise.
   */
  readonly consistency?: 'linearizable' | 'serializable' | 'maxStaleness';
  /** With `maxStaleness`, and only then: at least 1. */
  readonly maxStalenessMs?: number | undefined;
  /** Read the state as of this revision (≥ 1). Default: the newest. */
  readonly revision?: number | undefined;
  /** Gives up with TIMEOUT after this long; default: the node's request timeout. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Makes a write happen once however often it is sent (R20). Whole numbers from 1 on; `firstUnacknowledged` ≤ `sequence`, which is less than 1,024 above
 * the highest `firstUnacknowledged` sent so far. An answered sequence is acknowledged by a later write with a higher `firstUnacknowledged`.
 */
export interface WriteSession {
  readonly id: number;
  /** Of this write; all copies of it have the same, no other write does. */
  readonly sequence: number;
  /** The caller knows the outcomes of all sequences below. */
  readonly firstUnacknowledged: number;
}

/** At most one of the two conditions; without one the write is unconditional. */
export interface WriteOptions {
  /** Repeating such a write is safe: it answers with the outcome and revision of the first execution. */
  readonly session?: WriteSession | undefined;
  /** Only when the key's modRevision is this (≥ 1). */
  readonly ifModRevision?: number | undefined;
  /** Only when the key is absent. A delete then changes nothing: it is a check in the order of the writes. */
  readonly ifAbsent?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface GetResult {
  /** Undefined when the key is absent. */
  readonly kv: KeyValue | undefined;
  /** The shard's revision that the answer reflects. */
  readonly revision: number;
}

export interface PutResult {
  readonly revision: number;
  readonly createRevision: number;
  readonly version: number;
}

export interface DeleteResult {
  readonly revision: number;
  /** 0 when the key was absent; then nothing changed. */
  readonly deleted: number;
}

/** One write of a batch, with conditions and session of its own. */
export type BatchOperation =
  | ({ readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array } & Omit<WriteOptions, 'timeoutMs'>)
  | ({ readonly kind: 'delete'; readonly key: Uint8Array } & Omit<WriteOptions, 'timeoutMs'>);

/** What became of one operation. A failed one says nothing of the others. */
export type BatchResult =
  | ({ readonly kind: 'put' } & PutResult)
  | ({ readonly kind: 'delete' } & DeleteResult)
  | { readonly kind: 'failed'; readonly error: KvorumError };

export interface SessionInfo {
  readonly id: number;
  /** The session ends when it is not used, by a write or `keepSession`, for this long. */
  readonly idleMs: number;
}

export interface ListOptions extends ReadOptions {
  /** Keys that start with these bytes; empty or absent: all keys. */
  readonly prefix?: Uint8Array | undefined;
  /** Start at this key (inclusive) instead of the prefix itself; how a cursor resumes. */
  readonly from?: Uint8Array | undefined;
  /** At most this many keys; 0 or absent: no limit. */
  readonly limit?: number | undefined;
  /** Leave values out: rows then have an empty `value`. */
  readonly keysOnly?: boolean | undefined;
}

/** A list that is read page by page; every page shows the same revision. */
export interface Listing {
  readonly revision: number;
  /** Pages in key order, each made within a few milliseconds; ends at the limit or the last key. Leaving early releases what it pins. */
  readonly pages: AsyncIterable<readonly KeyValue[]>;
  /** After the last page: the first key not listed when the limit cut the list, else undefined. */
  readonly nextKey: () => Uint8Array | undefined;
}

export interface BackupOptions {
  /** `linearizable` (default): holds every write acknowledged before the call; `serializable`: what this node has applied. */
  readonly consistency?: 'linearizable' | 'serializable';
  /** Time until the stream begins; default: the node's request timeout. */
  readonly timeoutMs?: number | undefined;
}

/** A keyspace at one revision with its history, as a stream in the backup format. */
export interface Backup {
  readonly revision: number;
  /** About how many bytes will come; usually fewer do. */
  readonly bytesEstimate: number;
  /** Read once. Breaks off with an error when it takes longer than ten minutes or the node ends. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** For who does not read to the end. Idempotent. */
  readonly close: () => void;
}

/** A change of one key. */
export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** Of a delete: the key and its modRevision; all else is empty or 0. */
  readonly kv: KeyValue;
  /** With `prevKv`: what the key was before; undefined when it was absent, or that is compacted away. */
  readonly prevKv: KeyValue | undefined;
}

export interface WatchOptions {
  /** At most one of `key`, `prefix` and `range`; without one, all keys. */
  readonly key?: Uint8Array | undefined;
  readonly prefix?: Uint8Array | undefined;
  /** Keys [start, end); without an end, everything from `start` on. */
  readonly range?: { readonly start: Uint8Array; readonly end?: Uint8Array | undefined } | undefined;
  /** The first revision whose events are wanted; it may be one of the future. 0 or absent: those after the writes acknowledged before the call. */
  readonly fromRevision?: number | undefined;
  readonly prevKv?: boolean | undefined;
  /** Only these events. */
  readonly only?: 'put' | 'delete' | undefined;
  /** While nothing happens, a batch without events comes every `watchProgressMs`. */
  readonly progress?: boolean | undefined;
  /** A revision with very many events may come in several batches. */
  readonly fragment?: boolean | undefined;
  /** Anything that stands for the caller's connection: watches of one count together against `watchesPerConnectionMax`. */
  readonly connection?: object | undefined;
  /** For the time until the watch is there. */
  readonly timeoutMs?: number | undefined;
}

/** Events in the order of revisions; those of one revision come in one batch, unless it `isFragment`. Shared with other watches: not to be changed. */
export interface WatchBatch {
  /** Every wanted event up to and including this revision was delivered, with this batch (R11). */
  readonly revision: number;
  readonly events: readonly WatchEvent[];
  /** More events of the last one's revision follow. */
  readonly isFragment: boolean;
}

/**
 * A running watch. Read `batches` once, by one reader. A reader that is slow costs the node a cursor and nothing more; when what it has yet to read is
 * compacted away, the reading fails with COMPACTED. All other failures tell that this node serves no more: go on elsewhere, from the last batch's revision + 1.
 */
export interface Watch {
  /** The first revision whose events come. */
  readonly fromRevision: number;
  readonly batches: AsyncIterable<WatchBatch>;
  /** Asks for a batch as soon as all events up to now are delivered, though it may hold none. */
  readonly requestProgress: () => void;
  /** Ends `batches` without an error. Idempotent. */
  readonly close: () => void;
}

export interface KvService {
  get(key: Uint8Array, options?: ReadOptions): Promise<GetResult>;
  /** `value` may be empty. */
  put(key: Uint8Array, value: Uint8Array, options?: WriteOptions): Promise<PutResult>;
  delete(key: Uint8Array, options?: WriteOptions): Promise<DeleteResult>;
  /**
   * Many independent writes in one request, up to `batchOperationsMax`. No atomicity: each has its own outcome and revision, others see them one by one.
   * They are carried out in this order unless some fail. Rejects only when an operation is malformed; then nothing was done.
   */
  batch(
    operations: readonly BatchOperation[],
    options?: Pick<WriteOptions, 'timeoutMs'>,
  ): Promise<readonly BatchResult[]>;
  /** Opens a session for {@link WriteOptions.session}. An opening that nobody uses ends by itself. */
  openSession(options?: Pick<WriteOptions, 'timeoutMs'>): Promise<SessionInfo>;
  /** Rejects with SESSION_EXPIRED when the session is gone. */
  keepSession(id: number, options?: Pick<WriteOptions, 'timeoutMs'>): Promise<void>;
  /** Also when it is gone already. */
  closeSession(id: number, options?: Pick<WriteOptions, 'timeoutMs'>): Promise<void>;
  list(options?: ListOptions): Promise<Listing>;
  /** Rejects with COMPACTED when `fromRevision` is below the compact revision. Starts when this node has caught up. */
  watch(options?: WatchOptions): Promise<Watch>;
  /** Keys with the prefix, without reading them. */
  count(
    options?: Pick<ListOptions, 'prefix' | keyof ReadOptions>,
  ): Promise<{ readonly count: number; readonly revision: number }>;
  /** One at a time per node; another fails with TOO_MANY_REQUESTS. */
  backup(options?: BackupOptions): Promise<Backup>;
  /** Forgets versions older than `revision` (revision compaction). */
  compact(revision: number): Promise<{ readonly revision: number }>;
}

export type NodeRole = 'leader' | 'follower' | 'candidate' | 'preCandidate' | 'learner';

export interface ShardStatus {
  readonly shard: number;
  readonly keyspace: string;
  readonly role: NodeRole;
  /** Undefined when none is known. */
  readonly leader: number | undefined;
  readonly term: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly flushedIndex: number;
  readonly lastIndex: number;
  readonly revision: number;
  readonly compactRevision: number;
  readonly keys: number;
  /** 16 hex digits each; comparable between replicas at equal appliedIndex. */
  readonly chainHash: string;
  readonly contentHash: string;
  /** Why this replica serves no more; undefined while nothing is held against it. */
  readonly corruption: string | undefined;
}

export interface MemberStatus {
  readonly nodeId: number;
  readonly peerAddress: string;
  /** As the member told in its handshake; undefined until then. */
  readonly clientAddress: string | undefined;
  /** Where the node stands, as it told; empty for none, or when that is not known. */
  readonly zone: string;
  /** Of kvorum, as it told; empty when that is not known. */
  readonly version: string;
  /** What it is to the default keyspace, as this node has applied it. */
  readonly membership: 'voter' | 'learner' | 'none';
  readonly isSelf: boolean;
  readonly isConnected: boolean;
  /** Leads the default keyspace as far as this node knows. */
  readonly isLeader: boolean;
}

export interface NodeStatus {
  readonly nodeId: number;
  /** 16 hex digits. */
  readonly clusterId: string;
  readonly version: string;
  readonly state: 'starting' | 'forming' | 'running' | 'stopping' | 'failed';
  /** True when this node can serve linearizable requests now. */
  readonly isReady: boolean;
  /** Why it is not ready, or what needs attention, in words with what to do. */
  readonly warnings: readonly string[];
  readonly shards: readonly ShardStatus[];
  readonly members: readonly MemberStatus[];
  readonly clientAddress: string | undefined;
  readonly peerAddress: string | undefined;
  readonly storage: 'disk' | 'memory';
  readonly uptimeMs: number;
}

/** What the ops routes ask of a node. */
export interface NodeInfo {
  status(): NodeStatus;
  /** Resolves once a linearizable read passed, rejects with a `KvorumError` otherwise; `/readyz` asks it. */
  checkReady(timeoutMs: number): Promise<void>;
  /** False once the node has failed; needs no quorum (S14). */
  isLive(): boolean;
  /** Prometheus text. */
  metricsText(): Promise<string>;
}
