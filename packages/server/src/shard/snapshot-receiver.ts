/**
 * Takes in a shard's snapshots (R15): the stream goes into a staging store and is verified there; only then the core hears of it; only if the
 * core wants it does it replace the state. A stale, broken or duplicate one leaves no trace. One at a time.
 */
import { assert } from '@kvorum/core/base/assert.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { StoreInstall } from '../storage/shard-stores.js';
import type { IncomingSnapshot } from '../transport/transport.js';

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
  /** Set once the core asked for the install. */
  done: Promise<void> | undefined;
}

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
    if (this.isBusy || snapshot === null || snapshot.index <= this.deps.appliedIndex()) return false;
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

  /** The core wants this snapshot installed: the staging store that holds it. `done` is awaited before the sender gets its answer. */
  take(snapshot: Snapshot, done: Promise<void>): StoreInstall {
    const staged = this.staged;
    assert(
      staged !== undefined && staged.snapshot.index === snapshot.index,
      'the core asks for a snapshot that never came',
    );
    staged.done = done;
    return staged.install;
  }

  private async receiveInto(install: StoreInstall, incoming: IncomingSnapshot, snapshot: Snapshot): Promise<boolean> {
    const held = await this.deps.fill(incoming.chunks, install);
    if (held.index !== snapshot.index || held.term !== snapshot.term) return false;
    const staged: Staged = { install, snapshot, done: undefined };
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
