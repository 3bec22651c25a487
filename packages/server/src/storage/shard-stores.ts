/**
 * The stores of all shards of a node, as the shard host sees them: on disk in generations, or in memory; the host does not care which.
 *
 * This file holds types only.
 */
import type { Corruption } from './corruption-mark.js';
import type { RevisionStore } from './revision-store.js';

/** All shards' stores. */
export interface ShardStores {
  /** Opens the shard's current store, an empty one where there was none. Leftovers of unfinished installs are removed. */
  open(shard: number): Promise<ShardStore>;
  /** Shards that have a store, in order. */
  list(): Promise<readonly number[]>;
  /** Removes a closed shard's store for good. */
  remove(shard: number): Promise<void>;
  /** Closes every open store; waits for their commits and snapshots. */
  close(): Promise<void>;
}

/** One shard's open store and the way to replace it whole. */
export interface ShardStore {
  /** The current store; another object after an install was activated. */
  readonly store: RevisionStore;
  /** Counts up with each activated install, from 1. */
  readonly generation: number;
  /** Why the replica must not serve what is here; undefined when nothing is held against it. */
  readonly corruption: Corruption | undefined;
  /** Remembers that, for all later starts too; durable when it resolves. */
  markCorrupt(corruption: Corruption): Promise<void>;
  /** Starts an empty staging store. One install at a time: a second call before the first has ended is an assertion failure. */
  beginInstall(): Promise<StoreInstall>;
  /** Aborts a running install, waits for the store's commits and snapshots. Idempotent. */
  close(): Promise<void>;
}

/** A staging store: filled by commits, then made current or dropped. Nothing of it survives a restart before `activate` has resolved or was under way. */
export interface StoreInstall {
  readonly store: RevisionStore;
  /**
   * Makes the staging store, all of whose commits have resolved, the current one, durably. When it resolves `ShardStore.store` is this
   * store; the one before drains its readers and is then closed and removed in the background. Commits to it must have ended.
   */
  activate(): Promise<void>;
  /** Closes and removes the staging store. Idempotent; nothing after `activate`. */
  abort(): Promise<void>;
}
