/**
 * Takes in a shard's snapshots (R15): the stream goes into a staging store and is verified there; only then the core hears of it; only if the
 * core wants it does it replace the state. A stale, broken or duplicate one leaves no trace. One at a time.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { assert } from '@kvorum/core/base/assert.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { StoreInstall } from '../../storage/shard-stores.js';
import type { IncomingSnapshot } from '../../transport/transport.js';

/** What the receiver needs of its shard. */
export interface SnapshotReceiverDeps {
  readonly appliedIndex: () => number;
  readonly beginInstall: () => Promise<StoreInstall>;
  /** Fills the staging store from the stream and verifies it; resolves with the position it holds. Rejects when anything is wrong. */
  readonly fill: (
    chunks: AsyncIterable<Uint8Array>,
    install: StoreInstall,
  ) => Promise<{ readonly index: number; readonly term: number }>;
  /** Gives the MsgSnap to the core; resolves at the end of the turn that handled it. */
  readonly step: (message: Message) => Promise<void>;
}

interface Staged {
  readonly install: StoreInstall;
  readonly snapshot: Snapshot;
  /** Set once the core has accepted it: when its install has ended. */
  done: Promise<void> | undefined;
  settle: () => void;
}

/** One per shard. What it refuses leaves no trace. */
export class SnapshotReceiver {
  private isBusy = false;
  private staged: Staged | undefined;
  private readonly deps: SnapshotReceiverDeps;

  constructor(deps: SnapshotReceiverDeps) {
    this.deps = deps;
  }

  /** Resolves with true once installed, with false when it was stale, broken or another one is on its way. */
  async receive(incoming: IncomingSnapshot): Promise<boolean> {
    const snapshot = incoming.message.snapshot;
    if (this.isBusy || snapshot === null) return false;
    if (snapshot.index <= this.deps.appliedIndex() && !isMutated('snapshotMovesBack')) return false;
    this.isBusy = true;
    try {
      const install = await this.deps.beginInstall();
      try {
        return await this.receiveInto(install, incoming, snapshot);
      } finally {
        await install.abort();
      }
    } finally {
      this.isBusy = false;
    }
  }

  /** The core has accepted this snapshot: its staging store is kept until `take` and `installed`. */
  accept(snapshot: Snapshot): void {
    const staged = this.stagedFor(snapshot);
    staged.done = new Promise((resolve) => {
      staged.settle = resolve;
    });
  }

  /** The staging store that holds an accepted snapshot. */
  take(snapshot: Snapshot): StoreInstall {
    return this.stagedFor(snapshot).install;
  }

  /** An accepted snapshot is installed: its sender may be told. */
  installed(snapshot: Snapshot): void {
    this.stagedFor(snapshot).settle();
  }

  private stagedFor(snapshot: Snapshot): Staged {
    const { staged } = this;
    const isRight = staged?.snapshot.index === snapshot.index && staged.snapshot.term === snapshot.term;
    assert(staged !== undefined && isRight, 'the core accepted a snapshot that never came');
    return staged;
  }

  private async receiveInto(install: StoreInstall, incoming: IncomingSnapshot, snapshot: Snapshot): Promise<boolean> {
    const held = await this.deps.fill(incoming.chunks, install);
    if (held.index !== snapshot.index || held.term !== snapshot.term) return false;
    const staged: Staged = { install, snapshot, done: undefined, settle: () => undefined };
    this.staged = staged;
    try {
      await this.deps.step(incoming.message);
      if (staged.done === undefined) return false;
      await staged.done;
      return true;
    } finally {
      this.staged = undefined;
    }
  }
}
