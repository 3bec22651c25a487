/** An established connection to one peer: encodes what is sent into the outbox, decodes what arrives. */
import { isUpkeep } from '@kvorum/core/kv/command.js';
import type { Message } from '@kvorum/core/raft/message.js';
import { COMPARISON_BYTES, type ComparisonMessage, readComparison, writeComparison } from './comparison-codec.js';
import { FrameType } from './frame.js';
import {
  FRESHNESS_PROTOCOL,
  type FreshnessMessage,
  freshnessBytes,
  readFreshness,
  writeFreshness,
} from './freshness-codec.js';
import type { FrameLink, FrameLinkHandler } from './frame-link.js';
import {
  HEARTBEAT_BYTES,
  isPlainHeartbeat,
  messageBytes,
  readHeartbeat,
  readMessage,
  writeHeartbeat,
  writeMessage,
} from './message-codec.js';
import { Outbox } from './outbox.js';
import {
  ANSWER_BYTES,
  forwardBytes,
  RecordKind,
  readAnswer,
  readForward,
  writeAnswer,
  writeForward,
} from './records.js';
import type { ForwardAnswer, TransportHandler } from './transport.js';
import { ByteReader, ProtocolError, writeHex } from './wire.js';

/** Bytes of an incarnation before a vote. */
const INCARNATION_BYTES = 8;

/** Both ends of a connection. */
export interface PeerPair {
  readonly ownId: number;
  readonly ownIncarnation: string;
  readonly peerId: number;
  readonly peerIncarnation: string;
  /** The version of the peer protocol that both speak. */
  readonly protocol: number;
}

/** What a peer connection needs of its link. */
export type PeerLink = Pick<FrameLink, 'write' | 'queuedBytes' | 'isClosing' | 'destroy'>;

/** What a peer connection needs of its surroundings. */
export interface PeerConnectionDeps {
  readonly link: PeerLink;
  readonly handler: Pick<TransportHandler, 'onMessage' | 'onForward' | 'onAnswer' | 'onComparison' | 'onFreshness'>;
  /** Whether this node may vote and acknowledge yet; until then Raft messages that arrive are dropped. Forwards reach the host, which knows no leader. */
  isFormed(): boolean;
  onClosed(reason: string): void;
}

/** From the end of the handshake to the loss of the link. What can not be queued is refused at once. */
export class PeerConnection implements FrameLinkHandler {
  readonly pair: PeerPair;
  readonly #deps: PeerConnectionDeps;
  readonly #outbox: Outbox;

  constructor(deps: PeerConnectionDeps, pair: PeerPair, queueBytesMax: number) {
    this.#deps = deps;
    this.pair = pair;
    this.#outbox = new Outbox(deps.link, queueBytesMax);
  }

  get link(): PeerLink {
    return this.#deps.link;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** Queues a message; false when the queue is full. */
  send(shard: number, message: Message): boolean {
    const outbox = this.#outbox;
    if (isPlainHeartbeat(message) && message.from === this.pair.ownId && message.to === this.pair.peerId) {
      const kind = message.type === 'MsgHeartbeat' ? RecordKind.heartbeat : RecordKind.heartbeatResp;
      const at = outbox.reserve(kind, HEARTBEAT_BYTES, true);
      if (at >= 0) writeHeartbeat(outbox.frame, at, shard, message);
      return at >= 0;
    }
    const bytes = messageBytes(message);
    const isControl = message.entries.length === 0;
    if (isVote(message)) {
      const at = outbox.reserve(RecordKind.vote, INCARNATION_BYTES + bytes, isControl);
      if (at >= 0) writeMessage(outbox.frame, writeHex(outbox.frame, at, this.pair.ownIncarnation), shard, message);
      return at >= 0;
    }
    const at = outbox.reserve(RecordKind.message, bytes, isControl);
    if (at >= 0) writeMessage(outbox.frame, at, shard, message);
    return at >= 0;
  }

  /** Queues a forwarded request; false when the queue is full. What keeps sessions alive may use the reserve (S12). */
  forward(shard: number, requestId: number, commands: readonly Uint8Array[]): boolean {
    const at = this.#outbox.reserve(RecordKind.forward, forwardBytes(commands), commands.every(isUpkeep));
    if (at >= 0) writeForward(this.#outbox.frame, at, shard, requestId, commands);
    return at >= 0;
  }

  /** Queues an answer. Where there is no room even in the reserve, the connection is dropped, so that the asker learns that no answer comes. */
  answer(shard: number, requestId: number, answer: ForwardAnswer): void {
    const at = this.#outbox.reserve(RecordKind.answer, ANSWER_BYTES, true);
    if (at >= 0) writeAnswer(this.#outbox.frame, at, shard, requestId, answer);
    else this.link.destroy('no room for an answer');
  }

  /** Queues a comparison; where there is no room it is lost, and the next one tells as much. */
  compare(shard: number, message: ComparisonMessage): void {
    const at = this.#outbox.reserve(RecordKind.comparison, COMPARISON_BYTES, true);
    if (at >= 0) writeComparison(this.#outbox.frame, at, shard, message);
  }

  /** Queues what tells of ages; it is lost where there is no room, or when the peer is too old to know it. */
  tellFreshness(shard: number, message: FreshnessMessage): void {
    if (this.pair.protocol < FRESHNESS_PROTOCOL) return;
    const at = this.#outbox.reserve(RecordKind.freshness, freshnessBytes(message), true);
    if (at >= 0) writeFreshness(this.#outbox.frame, at, shard, message);
  }

  flush(): void {
    this.#outbox.flush();
  }

  onDrain(): void {
    this.#outbox.onDrain();
    this.#outbox.flush();
  }

  onClosed(reason: string): void {
    this.#deps.onClosed(reason);
  }

  onFrame(type: number, body: Uint8Array): void {
    if (type !== FrameType.batch) throw new ProtocolError(`frame type ${type} between peers`);
    const reader = new ByteReader(body);
    while (reader.left > 0) {
      const length = reader.u32();
      const kind = reader.u8();
      this.#onRecord(kind, reader.part(length));
      // The handler may have closed the transport.
      if (this.#deps.link.isClosing) return;
    }
  }

  #onRecord(kind: number, record: ByteReader): void {
    if (kind === RecordKind.vote && record.hex(INCARNATION_BYTES) !== this.pair.peerIncarnation) {
      throw new ProtocolError('a vote of another incarnation than the handshake');
    }
    const shard = record.u32();
    const { ownId, peerId } = this.pair;
    switch (kind) {
      case RecordKind.message:
      case RecordKind.vote:
        this.#onMessage(shard, kind === RecordKind.vote, readMessage(record), record);
        return;
      case RecordKind.heartbeat:
        this.#deliver(shard, readHeartbeat(record, 'MsgHeartbeat', peerId, ownId), record);
        return;
      case RecordKind.heartbeatResp:
        this.#deliver(shard, readHeartbeat(record, 'MsgHeartbeatResp', peerId, ownId), record);
        return;
      case RecordKind.forward: {
        const { requestId, commands } = readForward(record);
        record.expectEnd();
        this.#deps.handler.onForward(peerId, shard, requestId, commands);
        return;
      }
      case RecordKind.answer: {
        const { requestId, answer } = readAnswer(record);
        record.expectEnd();
        this.#deps.handler.onAnswer(peerId, shard, requestId, answer);
        return;
      }
      case RecordKind.comparison: {
        const message = readComparison(record);
        record.expectEnd();
        if (this.#deps.isFormed()) this.#deps.handler.onComparison(peerId, shard, message);
        return;
      }
      case RecordKind.freshness: {
        const message = readFreshness(record);
        record.expectEnd();
        if (this.#deps.isFormed()) this.#deps.handler.onFreshness(peerId, shard, message);
        return;
      }
      default:
        throw new ProtocolError(`unknown kind of record ${kind}`);
    }
  }

  #onMessage(shard: number, hasIncarnation: boolean, message: Message, record: ByteReader): void {
    const { ownId, peerId } = this.pair;
    if (message.to !== ownId) throw new ProtocolError('a message for another node');
    // A follower passes MsgTransferLeader on in the name of the node that shall lead; everything else is said by the node itself.
    if (message.from !== peerId && message.type !== 'MsgTransferLeader') {
      throw new ProtocolError('a message in the name of another node');
    }
    if (isVote(message) !== hasIncarnation) throw new ProtocolError('a vote without an incarnation');
    if (message.type === 'MsgSnap') throw new ProtocolError('a snapshot outside of a snapshot stream');
    this.#deliver(shard, message, record);
  }

  #deliver(shard: number, message: Message, record: ByteReader): void {
    record.expectEnd();
    if (this.#deps.isFormed()) this.#deps.handler.onMessage(this.pair.peerId, shard, message);
  }
}

/** Messages that carry the incarnation: those by which an election is decided. */
function isVote(message: Message): boolean {
  switch (message.type) {
    case 'MsgVote':
    case 'MsgVoteResp':
    case 'MsgPreVote':
    case 'MsgPreVoteResp':
      return true;
    default:
      return false;
  }
}
