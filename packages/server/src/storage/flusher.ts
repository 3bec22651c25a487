/**
 * Write-behind of one shard: decides when its state machine is cut, commits the cut as one transaction, tells the result.
 *
 * At most one flush per node runs at a time (the gate), and a cut is made only when its turn has come, so it holds all that was applied
 * meanwhile. A failed commit is final (R17): never tried again, `onFailed` ends the node.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import type { FlushCut } from '@kvorum/core/kv/flush-cut.js';
import { assert } from '@kvorum/core/base/assert.js';
import type { Clock, Timer } from '../env/env.js';
import type { Failpoints } from '../env/failpoints.js';
import type { StoreMetrics } from '../env/node-metrics.js';
import type { FlushGate } from './flush-gate.js';
import { DEFAULT_FLUSH_POLICY, type FlushPolicy, flushDue } from './flush-policy.js';
import type { RevisionStore } from './revision-store.js';

/** What is flushed: a part of core/kv's StateMachine. Everything here is synchronous. */
export interface FlushSource {
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  readonly unflushedRecords: number;
  /** Physical deletes of compaction that wait for a cut. */
  readonly unflushedDeletes: number;
  readonly unflushedBytes: number;
  /** True inside a sliced command: no cut is allowed (R9). */
  readonly isApplying: boolean;
  cutFlush(): FlushCut;
  flushDone(cut: FlushCut): void;
}

/** What a flusher works with. */
export interface FlusherDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'setTimer'>;
  /** Shared by all shards of the node. */
  readonly gate: FlushGate;
  readonly source: FlushSource;
  readonly store: RevisionStore;
  /** The cut is durable up to this applied index and term: the WAL may free segments. Called in the turn in which `source.flushDone` was. */
  readonly onFlushed: (appliedIndex: number, appliedTerm: number) => void;
  readonly metrics?: StoreMetrics | undefined;
  /** A commit failed. Called at most once. */
  readonly onFailed: (error: Error) => void;
  readonly failpoints?: Failpoints | undefined;
}

interface Waiter {
  readonly index: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Flushes one state machine into one store; both are replaced together, with a new flusher, when a snapshot is installed. */
export class Flusher {
  readonly #deps: FlusherDeps;
  readonly #policy: FlushPolicy;
  #flushedIndex: number;
  /** Since when something is dirty. */
  #dirtySinceMs: number | undefined;
  #timer: Timer | undefined;
  /** A turn at the gate was asked for and has not ended. */
  #running: Promise<void> | undefined;
  #isForced = false;
  #waiters: Waiter[] = [];
  #failure: Error | undefined;
  #isStopped = false;

  /** The state machine is in step with the store when the flusher is made: just rebuilt from it, or both empty. */
  constructor(deps: FlusherDeps, policy: FlushPolicy = DEFAULT_FLUSH_POLICY) {
    this.#deps = deps;
    this.#policy = policy;
    this.#flushedIndex = deps.source.appliedIndex;
  }

  /** Applied index that the store durably holds. */
  get flushedIndex(): number {
    return this.#flushedIndex;
  }

  /** To be called after each turn that applied something. Cheap when nothing is due. */
  noteApplied(): void {
    if (this.#isStopped || this.#failure !== undefined || this.#running !== undefined) return;
    const { clock, source } = this.#deps;
    const unflushed = {
      rows: rowsOf(source),
      bytes: source.unflushedBytes,
      isIndexAhead: source.appliedIndex > this.#flushedIndex,
    };
    const dirtyForMs = this.#dirtySinceMs === undefined ? 0 : clock.nowMs() - this.#dirtySinceMs;
    const due = this.#isForced ? 'now' : flushDue(this.#policy, unflushed, dirtyForMs);
    if (due === 'clean') return;
    this.#dirtySinceMs ??= clock.nowMs();
    if (due === 'now' && !source.isApplying) this.#start();
    else this.#timer ??= clock.setTimer(this.#policy.ageMsMax, () => this.#onTimer());
  }

  /** Flushes now, whatever the policy says, for WAL pressure and for an orderly end; resolves when all that is applied now is durable. */
  flush(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    assert(!this.#isStopped, 'flush after stop');
    const index = this.#deps.source.appliedIndex;
    if (index === this.#flushedIndex && rowsOf(this.#deps.source) === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ index, resolve, reject });
      this.#isForced = true;
      this.noteApplied();
    });
  }

  /** Starts no more flushes and waits for the one under way. What is not flushed stays in the WAL. Waiting `flush` calls are rejected. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
    this.#rejectWaiters(new Error('the flusher was stopped'));
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.noteApplied();
  }

  #start(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running = this.#deps.gate
      .run(() => this.#flushOnce())
      .then(
        () => this.#onTurnEnded(),
        (error: unknown) => this.#fail(error),
      );
  }

  async #flushOnce(): Promise<void> {
    const { source, store } = this.#deps;
    // Between asking for the turn and getting it a sliced command may have begun: the next noteApplied asks again.
    if (this.#isStopped || source.isApplying) return;
    this.#isForced = false;
    this.#dirtySinceMs = undefined;
    const { clock, metrics, failpoints } = this.#deps;
    const startedMs = clock.nowMs();
    failpoints?.hit('flushBeforeCut');
    const cut = source.cutFlush();
    const compacts = cut.deletes.length > 0;
    failpoints?.hit(compacts ? 'compactionBeforeCommit' : 'flushBeforeCommit');
    if (isMutated('appliedIndexApartFromData')) await store.commit({ puts: [], deletes: [], meta: cut.meta });
    await store.commit({ puts: cut.records(), deletes: cut.deletes, meta: cut.meta });
    failpoints?.hit(compacts ? 'compactionAfterCommit' : 'flushAfterCommit');
    source.flushDone(cut);
    if (metrics !== undefined) {
      metrics.flushedRecords += cut.recordCount;
      metrics.flushMs.observe(clock.nowMs() - startedMs);
    }
    this.#flushedIndex = cut.appliedIndex;
    this.#deps.onFlushed(cut.appliedIndex, cut.appliedTerm);
    failpoints?.hit('flushAfterRelease');
  }

  #onTurnEnded(): void {
    this.#running = undefined;
    const done = this.#waiters.filter(({ index }) => index <= this.#flushedIndex);
    this.#waiters = this.#waiters.filter(({ index }) => index > this.#flushedIndex);
    for (const { resolve } of done) resolve();
    this.#isForced = this.#waiters.length > 0;
    this.noteApplied();
  }

  #fail(error: unknown): void {
    this.#running = undefined;
    this.#failure = error instanceof Error ? error : new Error('a flush failed', { cause: error });
    this.#rejectWaiters(this.#failure);
    this.#deps.onFailed(this.#failure);
  }

  #rejectWaiters(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(error);
  }
}

/** Rows that a cut would write or remove. */
function rowsOf(source: FlushSource): number {
  return source.unflushedRecords + source.unflushedDeletes;
}
