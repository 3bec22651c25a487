/**
 * A replica's applied state on its way to disk: flushed behind, compacted in slices, replaced whole by a snapshot. The state machine belongs to the
 * replica; here is what works on it between entries.
 */
import { CorruptError } from '@kvorum/core/kv/errors.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import type { Clock } from '../../env/env.js';
import type { Failpoints } from '../../env/failpoints.js';
import type { StoreMetrics } from '../../env/node-metrics.js';
import type { FlushGate } from '../../storage/flush-gate.js';
import type { FlushPolicy } from '../../storage/flush-policy.js';
import { Flusher } from '../../storage/flusher.js';
import type { StoreSnapshot } from '../../storage/revision-store.js';
import type { ShardStore } from '../../storage/shard-stores.js';

/** What the keeper works with, and whom it tells. */
export interface StateKeeperDeps {
  readonly clock: Clock;
  readonly gate: FlushGate;
  readonly store: ShardStore;
  readonly metrics: StoreMetrics;
  /** The state to be flushed and compacted; undefined while it is being replaced. */
  readonly machine: () => StateMachine | undefined;
  /** Everything applied up to here is in the store, on disk; the ring has room again. */
  readonly onFlushed: (appliedIndex: number) => void;
  /** Compaction has more to do. */
  readonly onMore: () => void;
  /** Compaction met a contradiction in the state. */
  readonly onCorrupt: (error: CorruptError) => void;
  /** A flush failed: the node must end (R17). */
  readonly fail: (error: unknown) => void;
  readonly failpoints?: Failpoints | undefined;
}

/** One per replica. */
export class StateKeeper {
  private flusher: Flusher;
  private readonly deps: StateKeeperDeps;
  private readonly policy: FlushPolicy | undefined;

  /** @param policy default: the flusher's own */
  constructor(deps: StateKeeperDeps, machine: StateMachine, policy?: FlushPolicy) {
    this.deps = deps;
    this.policy = policy;
    this.flusher = this.newFlusher(machine);
  }

  /** Everything applied up to here is in the store, on disk. */
  get flushedIndex(): number {
    return this.flusher.flushedIndex;
  }

  /** An entry was applied. */
  noteApplied(): void {
    this.flusher.noteApplied();
  }

  /** Makes all that is applied durable in the store. Rejects when the state is being replaced. */
  flush(): Promise<void> {
    if (this.deps.machine() === undefined) return Promise.reject(new Error('the state is being replaced'));
    return this.flusher.flush();
  }

  /** What is in the store now; undefined while the state is being replaced. */
  openSnapshot(): { readonly source: StoreSnapshot; readonly storeBytes: number } | undefined {
    if (this.deps.machine() === undefined) return undefined;
    const { store } = this.deps.store;
    return { source: store.openSnapshot(), storeBytes: store.sizeBytes() };
  }

  /** One slice of physical revision compaction, when there is any (N11). */
  compactSome(): void {
    const machine = this.deps.machine();
    if (machine === undefined || !machine.isCompacting || machine.isApplying) return;
    try {
      if (!machine.isFlushing) this.compactSlice(machine);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.deps.onCorrupt(error);
    }
    this.flusher.noteApplied();
  }

  /** The store holds another state from now on, that of `machine`. The keeper must have been stopped. */
  restart(machine: StateMachine): void {
    this.flusher = this.newFlusher(machine);
  }

  /** Waits for the flush under way and starts no more. What is not flushed stays in the WAL. Idempotent. */
  stop(): Promise<void> {
    return this.flusher.stop();
  }

  /** Flushes what is left, if that can be, then stops. */
  async close(): Promise<void> {
    if (this.deps.machine()?.isApplying === false) await this.flusher.flush();
    await this.flusher.stop();
  }

  private compactSlice(machine: StateMachine): void {
    const { failpoints, onMore } = this.deps;
    failpoints?.hit('compactionBeforeSlice');
    const isMore = machine.compactSlice();
    failpoints?.hit('compactionAfterSlice');
    if (isMore) onMore();
  }

  private newFlusher(source: StateMachine): Flusher {
    const { clock, gate, store, metrics, fail, onFlushed, failpoints } = this.deps;
    const deps = { clock, gate, source, metrics, store: store.store, onFlushed, onFailed: fail, failpoints };
    return new Flusher(deps, this.policy);
  }
}
