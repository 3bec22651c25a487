/**
 * Keeps a corrupt replica from serving (R14): hears what comparing states and reads find out, has the replica stop, and sees to it that a later start stops
 * it as well. The data stays as it is.
 */
import type { CorruptError } from '@kvorum/core/kv/errors.js';
import type { Log } from '../../env/env.js';
import type { ShardMetrics } from '../../env/node-metrics.js';
import type { Corruption } from '../../storage/corruption-mark.js';
import type { ShardStore } from '../../storage/shard-stores.js';
import type { ComparisonMessage } from '../../transport/comparison-codec.js';
import type { ComparisonOutput } from './comparer.js';

/** What it watches over, and how it stops it. */
export interface CorruptionGuardDeps {
  readonly shard: number;
  readonly log: Log;
  readonly metrics: ShardMetrics;
  readonly store: Pick<ShardStore, 'corruption' | 'markCorrupt'>;
  readonly compare: (to: number, message: ComparisonMessage) => void;
  readonly appliedIndex: () => number;
  /** The replica must stop serving, at once. `suspects` are nodes that should not lead either. */
  readonly stop: (suspects: readonly number[]) => void;
  /** The mark can't be written: the node must end (R17). */
  readonly fail: (error: unknown) => void;
}

/** One per shard. What is found first counts; nothing takes it back. */
export class CorruptionGuard {
  private found: Corruption | undefined;
  /** Never rejects. */
  private marking: Promise<void> = Promise.resolve();
  private readonly deps: CorruptionGuardDeps;

  constructor(deps: CorruptionGuardDeps) {
    this.deps = deps;
  }

  /** Why the replica serves no more. */
  get corruption(): Corruption | undefined {
    return this.found;
  }

  /** Stops a replica that was found corrupt before this start. */
  start(): void {
    const { corruption } = this.deps.store;
    if (corruption !== undefined) this.stop(corruption, []);
  }

  /** Carries out what comparing states asks for. */
  carryOut(outputs: readonly ComparisonOutput[]): void {
    const { log, metrics, shard } = this.deps;
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.deps.compare(output.to, output.message);
          break;
        case 'equal':
          metrics.stateComparisons += 1;
          break;
        case 'differs':
          log.error('replicas differ', { shard, index: output.index });
          break;
        case 'stop': {
          const { accusation, index, suspects } = output;
          this.condemn(
            { cause: accusation.cause, index, detail: `it differs in its ${accusation.differsIn}` },
            suspects,
          );
        }
      }
    }
  }

  /** A read, or compaction, met a contradiction in what the replica holds. */
  contradicted(error: CorruptError): void {
    this.condemn({ cause: 'record', index: this.deps.appliedIndex(), detail: error.message }, []);
  }

  /** Chunks of a snapshot; ends with an error once the replica is found corrupt, so that it does not hand its state on. */
  async *whileSound(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (this.found !== undefined) throw new Error('the replica is corrupt');
      yield chunk;
    }
  }

  /** Waits until what was found is on disk. */
  settled(): Promise<void> {
    return this.marking;
  }

  private condemn(corruption: Corruption, suspects: readonly number[]): void {
    if (this.found !== undefined) return;
    this.stop(corruption, suspects);
    const { store, fail } = this.deps;
    this.marking = store.markCorrupt(corruption).catch(fail);
  }

  private stop(corruption: Corruption, suspects: readonly number[]): void {
    this.found = corruption;
    const { log, shard, stop } = this.deps;
    log.error('this replica is corrupt and serves no more', { shard, ...corruption });
    stop(suspects);
  }
}
