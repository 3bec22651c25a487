/**
 * Puts a snapshot from another node in the place of one shard's state, in the order of R15: staging store, CURRENT, WAL record, new state machine,
 * answer. What goes wrong before the core has accepted it leaves no trace; what goes wrong afterwards ends the node.
 */
import { assert } from '@kvorum/core/base/assert.js';
import type { StateMachine, StateMachineOptions } from '@kvorum/core/kv/state-machine.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { HardState } from '@kvorum/core/raft/types.js';
import { DiskError } from '../../env/disk.js';
import type { Clock, Log } from '../../env/env.js';
import type { Failpoints } from '../../env/failpoints.js';
import { StoreError } from '../../storage/revision-store.js';
import type { ShardStore, StoreInstall } from '../../storage/shard-stores.js';
import { installSnapshot } from '../../storage/snapshot-decoder.js';
import type { IncomingSnapshot } from '../../transport/transport.js';
import type { ShardLog } from '../log/shard-log.js';
import { encodeConfState } from '../membership/conf-state-codec.js';
import type { LogPosition } from '../recovery/reconcile.js';
import { rebuildMachine } from '../recovery/rebuild-machine.js';
import { SnapshotReceiver } from './snapshot-receiver.js';

/** What an install works on. */
export interface SnapshotInstallerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ShardStore;
  readonly shardLog: Pick<ShardLog, 'append'>;
  /** Infinite while the state is being replaced: no snapshot is newer than what is to come. */
  readonly appliedIndex: () => number;
  /** Gives a MsgSnap to the core. */
  readonly step: (message: Message) => void;
  /** There is work for the next turn. */
  readonly schedule: () => void;
  /** Resolves at the end of the next turn. */
  readonly turnEnd: () => Promise<void>;
  /** The store is going to be replaced: nothing may work on it any more when this resolves. */
  readonly release: () => Promise<void>;
  /** The store holds the snapshot, the WAL knows it, and this is its state. */
  readonly installed: (machine: StateMachine) => void;
  /** The node must end. */
  readonly fail: (error: unknown) => void;
  readonly failpoints?: Failpoints | undefined;
}

/** One per shard; one install at a time. */
export class SnapshotInstaller {
  private readonly receiver: SnapshotReceiver;
  /** The last install; never rejects. */
  private installing: Promise<void> = Promise.resolve();
  private readonly deps: SnapshotInstallerDeps;
  private readonly shard: number;
  private readonly machineOptions: StateMachineOptions;

  /** @param machineOptions of the new state machine */
  constructor(deps: SnapshotInstallerDeps, shard: number, machineOptions: StateMachineOptions) {
    this.deps = deps;
    this.shard = shard;
    this.machineOptions = machineOptions;
    this.receiver = new SnapshotReceiver({
      appliedIndex: deps.appliedIndex,
      beginInstall: () => deps.store.beginInstall(),
      fill: (chunks, install) => this.fill(chunks, install),
      step: (message) => this.stepAndWait(message),
    });
  }

  /** A snapshot from another node. Resolves with whether it was installed. */
  async receive(incoming: IncomingSnapshot): Promise<boolean> {
    try {
      return await this.receiver.receive(incoming);
    } catch (error) {
      // A stream that breaks is the sender's to repeat; a disk that fails under it ends the node (R17).
      if (error instanceof DiskError || (error instanceof StoreError && error.isFatal)) this.deps.fail(error);
      throw error;
    }
  }

  /** The core has accepted this snapshot: `install` follows. */
  accept(snapshot: Snapshot): void {
    this.receiver.accept(snapshot);
  }

  /** Replaces the state by an accepted snapshot. */
  install(snapshot: Snapshot, hardState: HardState): void {
    this.installing = this.run(snapshot, hardState).catch((error: unknown) => this.deps.fail(error));
  }

  /** Waits for the install under way. */
  settled(): Promise<void> {
    return this.installing;
  }

  private async run(snapshot: Snapshot, hardState: HardState): Promise<void> {
    const staged = this.receiver.take(snapshot);
    await this.deps.release();
    const { clock, store, log, failpoints } = this.deps;
    await staged.activate();
    failpoints?.hit('snapshotBeforeRecord');
    const confState = encodeConfState(snapshot.confState);
    await this.record(snapshot, confState, hardState);
    failpoints?.hit('snapshotAfterRecord');
    const machine = await rebuildMachine(store.store, clock, this.machineOptions, confState);
    assert(machine.appliedIndex === snapshot.index, 'an installed snapshot must be at its index');
    this.deps.installed(machine);
    log.info('snapshot installed', { shard: this.shard, index: snapshot.index });
    this.deps.schedule();
    this.receiver.installed(snapshot);
  }

  private record({ index, term }: Snapshot, confState: Uint8Array, hardState: HardState): Promise<void> {
    const update = { shard: this.shard, hardState, entries: [], snapshot: { index, term, confState } };
    return new Promise((resolve) => this.deps.shardLog.append([update], resolve));
  }

  private async fill(chunks: AsyncIterable<Uint8Array>, install: StoreInstall): Promise<LogPosition> {
    const { meta } = await installSnapshot(chunks, this.shard, install.store, this.deps.failpoints);
    return { index: meta.appliedIndex, term: meta.appliedTerm };
  }

  private async stepAndWait(message: Message): Promise<void> {
    try {
      this.deps.step(message);
    } catch (error) {
      // A bug in the core ends the node, not just this snapshot.
      this.deps.fail(error);
      throw error;
    }
    this.deps.schedule();
    await this.deps.turnEnd();
  }
}
