/**
 * How nodes of one cluster talk: what the shard host sends and gets. The implementation (peer-transport.ts) owns connections, identity and queues, and
 * knows nothing of Raft but the message type.
 *
 * This file holds types and the error only.
 */
import type { Message } from '@kvorum/core/raft/message.js';
import type { ComparisonMessage } from './comparison-codec.js';
import type { FreshnessMessage } from './freshness-codec.js';
import type { Refusal } from './handshake-codec.js';

/** Sends; never blocks, never fails: what can't be sent is dropped, and Raft or the waiter's timeout copes. */
export interface Transport {
  /**
   * Queues a Raft message; it is encoded before this returns. Returns false when it was dropped: not connected, queue full, or this node isn't
   * formed yet. A dropped MsgApp is for the host to report as unreachable. MsgSnap goes by {@link Transport.sendSnapshot}.
   */
  send(to: number, shard: number, message: Message): boolean;
  /**
   * Queues a request for the peer's leader replica of `shard`. Its answer comes to `onAnswer`; the loss of the connection to `onDisconnected`. False: it was
   * not queued, nothing was proposed.
   */
  forward(to: number, shard: number, requestId: number, commands: readonly Uint8Array[]): boolean;
  /** Answers a forwarded request. Dropped when the peer is gone: then its `onDisconnected` has told it all. */
  answer(to: number, shard: number, requestId: number, answer: ForwardAnswer): void;
  /** Queues state hashes or a verdict on them (R14). Dropped when the peer is gone. */
  compare(to: number, shard: number, message: ComparisonMessage): void;
  /** Queues what tells how old a replica's state may be. Dropped when the peer is gone. */
  tellFreshness(to: number, shard: number, message: FreshnessMessage): void;
  /**
   * Gives everything queued to the sockets, one write per peer (P12). The host calls it at the end of its turn; what it doesn't flush leaves by itself at the
   * end of the next loop turn.
   */
  flush(): void;
  /**
   * Streams a snapshot on a socket of its own (N8). Resolves when the receiver has installed it or refused it as stale; rejects with {@link TransportError}
   * when it was lost on the way, the receiver failed, or too many are under way. However it ends, `snapshot.chunks` isn't being read any more.
   */
  sendSnapshot(to: number, shard: number, snapshot: OutgoingSnapshot): Promise<'installed' | 'refused'>;
  isConnected(to: number): boolean;
  /** What the peer told of itself in its last handshake; kept while it is away. */
  introductionOf(to: number): Introduction | undefined;
  /** Peers with which a handshake was completed since the start, in ascending order. */
  metPeers(): readonly number[];
  /** Sends what is queued, closes all connections and waits for that. Idempotent. */
  close(): Promise<void>;
}

/**
 * What the leader made of a forwarded request. `accepted` names the first command's place: the commands became, in order, part of the entry at
 * `index` in `term`, starting at command number `offset` of that entry. `refused` is definite: nothing was proposed.
 */
export type ForwardAnswer =
  | { readonly kind: 'accepted'; readonly index: number; readonly term: number; readonly offset: number }
  | { readonly kind: 'refused'; readonly reason: 'notLeader' | 'overloaded' | 'noSpace' | 'stopping' };

/** A snapshot to send: the MsgSnap itself, then the state as chunks. Whatever the chunks are read from may be closed once `sendSnapshot` has settled. */
export interface OutgoingSnapshot {
  readonly message: Message;
  /** Read at the speed of the receiver. A chunk must stay untouched until the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends the stream while chunks are still to be read: a receiver that takes nothing, and says it lives, would hold the source for ever. */
  readonly signal?: AbortSignal | undefined;
}

/** A snapshot that arrives. `chunks` throws {@link TransportError} when the connection is lost or a chunk's checksum is wrong (R15). */
export interface IncomingSnapshot {
  readonly from: number;
  readonly shard: number;
  readonly message: Message;
  /** To be iterated once, at the reader's own speed. Chunks belong to the reader. It ends normally only after the whole snapshot was checked. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Gets what arrives. Called in the loop turn in which the bytes came; must not throw, and may call the transport. */
export interface TransportHandler {
  /** Byte fields of `message` are views of the receive buffer: copy what is kept beyond the call (N13). */
  onMessage(from: number, shard: number, message: Message): void;
  /** Views, as above. */
  onForward(from: number, shard: number, requestId: number, commands: readonly Uint8Array[]): void;
  onAnswer(from: number, shard: number, requestId: number, answer: ForwardAnswer): void;
  /** State hashes of the peer's replica, or its verdict on those of this one (R14). */
  onComparison(from: number, shard: number, message: ComparisonMessage): void;
  /** How old states may be, from the peer's replica. */
  onFreshness(from: number, shard: number, message: FreshnessMessage): void;
  /** Resolve with true after the snapshot is installed and synced, false when it was refused as stale. A rejection tells the sender that it failed. */
  onSnapshot(snapshot: IncomingSnapshot): Promise<boolean>;
  onConnected(peer: number): void;
  /** Every forwarded request without an answer is lost: its outcome is unknown. */
  onDisconnected(peer: number): void;
  /** A dial was refused at once: the process is gone, a hint to pre-vote (architecture 13). */
  onDialRefused(peer: number): void;
  /**
   * A peer will not talk to this node. With reason `incarnation` (this data directory was wiped), `otherCluster`, `unknownNode` and the like it never will
   * unless a person helps: end the node and show the message. The transport goes on dialing.
   */
  onRefusedBy(peer: number, refusal: Refusal): void;
}

/** What a node tells of itself besides who it is. */
export type Introduction = Pick<Identity, 'clientAddress' | 'zone' | 'version'>;

/** Who this node is. The handshake proves it to every peer (architecture 7). */
export interface Identity {
  /** 8 bytes as 16 hex digits. */
  readonly clusterId: string;
  readonly epoch: number;
  readonly nodeId: number;
  /** Of the data directory: 16 hex digits. */
  readonly incarnation: string;
  readonly clientAddress: string;
  /** Empty for none. */
  readonly zone: string;
  /** Of the program. */
  readonly version: string;
}

/**
 * Remembers which incarnation each configured node has, and who has synced ours; durable before it answers. A rejection means that the disk failed: its owner
 * ends the node (R17), the transport only drops the connection.
 */
export interface IncarnationRegistry {
  /** The registered incarnation of a configured node; undefined: not met yet; `unknownNode`: not configured. */
  lookup(nodeId: number): string | undefined | 'unknownNode';
  /** Registers a node met for the first time; resolves when synced to disk. The same again is fine. */
  register(nodeId: number, incarnation: string): Promise<void>;
  /** Whether the node has told that it synced this node's incarnation, and that is synced here. */
  isConfirmed(nodeId: number): boolean;
  /** Notes that the (registered) node has synced this node's incarnation; resolves when synced to disk. */
  confirm(nodeId: number): Promise<void>;
  /**
   * Whether every other configured node is registered and confirmed. Until then this node is not *formed*: it must not vote or acknowledge, and the transport
   * neither sends nor delivers anything but handshakes. Once true, true for good: a formed cluster restarts without all its nodes.
   */
  isComplete(): boolean;
}

/** Why a snapshot wasn't sent or didn't arrive. */
export type TransportErrorCode = 'SNAPSHOT_BUSY' | 'SNAPSHOT_LOST' | 'SNAPSHOT_FAILED' | 'TRANSPORT_CLOSED';

/** A snapshot stream that ended without a verdict. Whether the receiver installed it is unknown with `SNAPSHOT_LOST`; Raft finds out. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  readonly retryable: boolean;

  constructor(code: TransportErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = code !== 'TRANSPORT_CLOSED';
  }
}
