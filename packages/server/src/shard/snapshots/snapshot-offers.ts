/**
 * Snapshots that one shard has to give: offers one to the core when it wants one, after a flush if the store does not know the newest membership
 * yet, and streams what the core has addressed.
 */
import type { Message } from '@kvorum/core/raft/message.js';
import type { Snapshot } from '@kvorum/core/raft/snapshot.js';
import type { Clock, Log } from '../../env/env.js';
import type { StoreSnapshot } from '../../storage/revision-store.js';
import { encodeSnapshot, SNAPSHOT_SEND_MS_MAX } from '../../storage/snapshot-encoder.js';
import { SnapshotError } from '../../storage/snapshot-format.js';
import type { Transport } from '../../transport/transport.js';
import { SnapshotSender } from './snapshot-sender.js';

/** What offers are made of, and whom they go to. */
export interface SnapshotOffersDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly transport: () => Transport | undefined;
  /** Undefined while the store is being replaced. */
  readonly openSnapshot: () => StoreSnapshot | undefined;
  /** Whether the store knows the membership in effect. */
  readonly isConfFlushed: () => boolean;
  /** Makes all that is applied durable in the store. */
  readonly flush: () => Promise<void>;
  /** Offers a snapshot to the core, or withdraws it. */
  readonly offer: (snapshot: Snapshot | undefined) => void;
  /** A snapshot is on offer: the core must ask again. */
  readonly onOffered: () => void;
  /** Tells the core how a transfer ended. */
  readonly report: (to: number, isDelivered: boolean) => void;
  /** Ends the stream once the replica is found corrupt. */
  readonly whileSound: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** The node must end. */
  readonly fail: (error: unknown) => void;
}

/** One per shard. */
export class SnapshotOffers {
  private readonly sender: SnapshotSender;
  private readonly deps: SnapshotOffersDeps;
  private readonly shard: number;

  constructor(deps: SnapshotOffersDeps, shard: number) {
    this.deps = deps;
    this.shard = shard;
    this.sender = new SnapshotSender({
      openSnapshot: deps.openSnapshot,
      offer: deps.offer,
      stream: (message, source) => this.stream(message, source),
      report: deps.report,
    });
  }

  /** The core wants a snapshot to send. */
  want(): void {
    // A member added since the last flush is unknown to the store, and would not be of the membership of the snapshot that it is sent.
    if (this.deps.isConfFlushed()) this.offer();
    else this.offerAfterFlush();
  }

  /** The core addressed the snapshot on offer. */
  send(message: Message): void {
    this.sender.send(message);
  }

  tick(): void {
    this.sender.tick();
  }

  /** What is on offer is of no use any more. */
  withdraw(): void {
    this.sender.withdraw();
  }

  /** Offers nothing any more. */
  stop(): void {
    this.sender.stop();
  }

  /** The same, and waits for the streams under way; their sockets must have been closed. */
  close(): Promise<void> {
    return this.sender.close();
  }

  private offer(): void {
    if (this.sender.prepare()) this.deps.onOffered();
  }

  private offerAfterFlush(): void {
    this.deps
      .flush()
      .then(
        () => this.offer(),
        // The flusher has told why it failed; and a replica that is being replaced leads nobody.
        () => undefined,
      )
      .catch((error: unknown) => this.deps.fail(error));
  }

  private async stream(message: Message, source: StoreSnapshot): Promise<void> {
    const { clock, log, transport, whileSound } = this.deps;
    const peers = transport();
    if (peers === undefined) throw new Error('the node is not connected');
    log.info('sending a snapshot', { shard: this.shard, to: message.to, index: message.snapshot?.index ?? 0 });
    // The encoder looks at its time when the next chunk is asked for, which a receiver that takes nothing never does.
    const tooSlow = new AbortController();
    const timer = clock.setTimer(SNAPSHOT_SEND_MS_MAX, () => tooSlow.abort());
    try {
      const chunks = whileSound(encodeSnapshot(clock, source, this.shard));
      await peers.sendSnapshot(message.to, this.shard, { message, chunks, signal: tooSlow.signal });
    } catch (error) {
      this.failIfDamaged(error);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** A store whose records do not add up to their hash must not go on serving (R14). */
  private failIfDamaged(error: unknown): void {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof SnapshotError && cause.code === 'SNAPSHOT_DAMAGED') this.deps.fail(cause);
    }
  }
}
