/**
 * Sends a shard's snapshots: opens the store's read transaction when the core wants a snapshot, offers exactly what that transaction holds,
 * and streams it when the core has addressed it. One reader is open at a time; a second follower gets its own after the first.
 */
import { decodeMeta } from '@kvorum/core/kv/meta.js';
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { StoreSnapshot } from '../../storage/revision-store.js';
import { decodeConfState } from '../membership/conf-state-codec.js';

/** What the sender needs of its shard. */
export interface SnapshotSenderDeps {
  /** Undefined while the store is being replaced. */
  readonly openSnapshot: () => StoreSnapshot | undefined;
  /** Offers a snapshot to the core, or withdraws it. */
  readonly offer: (snapshot: Snapshot | undefined) => void;
  /** Streams it; resolves when the receiver installed or refused it, rejects when it was cut off. */
  readonly stream: (message: Message, source: StoreSnapshot) => Promise<unknown>;
  /** Tells the core how it went. */
  readonly report: (to: number, isDelivered: boolean) => void;
}

interface Open {
  readonly source: StoreSnapshot;
  readonly index: number;
  idleTicks: number;
}

/** An offered snapshot that nobody was sent is closed after so many ticks, as it holds up the store's free pages. */
const idleTicksMax = 100;

const noData = new Uint8Array(0);

/** One per shard. Every MsgSnap given to it is reported exactly once. */
export class SnapshotSender {
  private open: Open | undefined;
  private readonly running = new Set<Promise<void>>();
  private isStopped = false;
  private readonly deps: SnapshotSenderDeps;

  constructor(deps: SnapshotSenderDeps) {
    this.deps = deps;
  }

  /**
   * The core wants a snapshot to send, other than the one on offer: the log begins after that one by now. False when there is none to give
   * now; it will ask again.
   */
  prepare(): boolean {
    this.withdraw();
    const source = this.isStopped ? undefined : this.deps.openSnapshot();
    if (source === undefined) return false;
    if (source.meta === undefined) {
      source.close();
      return false;
    }
    const meta = decodeMeta(source.meta);
    this.open = { source, index: meta.appliedIndex, idleTicks: 0 };
    this.deps.offer({
      index: meta.appliedIndex,
      term: meta.appliedTerm,
      confState: decodeConfState(meta.confState),
      data: noData,
    });
    return true;
  }

  /** The core addressed a MsgSnap: streams the offered snapshot to it. */
  send(message: Message): void {
    const open = this.open;
    if (open === undefined || message.snapshot?.index !== open.index) {
      this.deps.report(message.to, false);
      return;
    }
    this.open = undefined;
    this.deps.offer(undefined);
    const running = this.deps
      .stream(message, open.source)
      .then(
        () => this.deps.report(message.to, true),
        () => this.deps.report(message.to, false),
      )
      .finally(() => {
        open.source.close();
        this.running.delete(running);
      });
    this.running.add(running);
  }

  tick(): void {
    if (this.open === undefined) return;
    this.open.idleTicks += 1;
    if (this.open.idleTicks > idleTicksMax) this.withdraw();
  }

  /** Closes an offered snapshot that was not sent. */
  withdraw(): void {
    const open = this.open;
    if (open === undefined) return;
    this.open = undefined;
    this.deps.offer(undefined);
    open.source.close();
  }

  /** Opens no reader any more. */
  stop(): void {
    this.isStopped = true;
    this.withdraw();
  }

  /** The same, and waits for the streams under way; their sockets must have been closed. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.running);
  }
}
