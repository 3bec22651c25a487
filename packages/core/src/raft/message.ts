/**
 * What replicas and storage threads say to each other. One interface for all types, every field always there, so that
 * engines see one object shape on the hot path.
 */
import { type Entry, NO_ENTRIES } from './entry.js';
import type { Snapshot } from './snapshot.js';
import { isStorageThread, type LogIndex, NO_NODE, type NodeId, type Term } from './types.js';

/** Types that travel between nodes. */
export type PeerMessageType =
  | 'MsgProp'
  | 'MsgApp'
  | 'MsgAppResp'
  | 'MsgVote'
  | 'MsgVoteResp'
  | 'MsgPreVote'
  | 'MsgPreVoteResp'
  | 'MsgSnap'
  | 'MsgHeartbeat'
  | 'MsgHeartbeatResp'
  | 'MsgTransferLeader'
  | 'MsgTimeoutNow'
  | 'MsgReadIndex'
  | 'MsgReadIndexResp';

/** Types between a replica and its own host; never sent to another node, refused when they come from one. */
export type StorageMessageType =
  | 'MsgStorageAppend'
  | 'MsgStorageAppendResp'
  | 'MsgStorageApply'
  | 'MsgStorageApplyResp';

/** Every type a core steps or sends. */
export type MessageType = PeerMessageType | StorageMessageType;

/** Every peer message type, in a fixed order that codecs may use as numbers. New types are added at the end. */
export const PEER_MESSAGE_TYPES: readonly PeerMessageType[] = [
  'MsgProp',
  'MsgApp',
  'MsgAppResp',
  'MsgVote',
  'MsgVoteResp',
  'MsgPreVote',
  'MsgPreVoteResp',
  'MsgSnap',
  'MsgHeartbeat',
  'MsgHeartbeatResp',
  'MsgTransferLeader',
  'MsgTimeoutNow',
  'MsgReadIndex',
  'MsgReadIndexResp',
];

/** A message. Fields a type doesn't use hold 0, false, null or an empty list. Treat a message as immutable once it is in a Ready. */
export interface Message {
  type: MessageType;
  from: NodeId;
  to: NodeId;
  /** The sender's term; 0 in MsgProp and MsgReadIndex, which belong to no term. */
  term: Term;
  /** Term of the entry at `index`: MsgApp, votes, hints of rejected appends, MsgStorageAppendResp. At `commit`: refused votes. */
  logTerm: Term;
  /** MsgApp: the entry before `entries`. Votes: the candidate's last. MsgAppResp: what matches or was rejected. */
  index: LogIndex;
  commit: LogIndex;
  /** MsgStorageAppend only: part of the hard state to store. */
  vote: NodeId;
  entries: readonly Entry[];
  snapshot: Snapshot | null;
  /** MsgAppResp and vote responses: the answer is no. */
  reject: boolean;
  /** MsgAppResp: the highest index at which the logs may agree. */
  rejectHint: LogIndex;
  /** Votes: an election the leader asked for, granted in spite of a live leader (thesis 3.10). */
  isTransfer: boolean;
  /** MsgReadIndex(Resp): the requester's own id of the read. MsgHeartbeatResp: the sender votes for nobody else for so many ms, 0 for no promise. */
  context: number;
  /**
   * R13. MsgHeartbeat(Resp): number of the read round in flight in this term, 0 for none; with `term` it is unique for ever.
   * MsgReadIndex(Resp): nonce of the requesting core, so that an answer to its predecessor before a restart is ignored.
   */
  readToken: number;
  /** MsgStorageAppend/Apply: to be delivered, in order, after the work is done. Durable first where it is an append. */
  responses: readonly Message[];
}

const NO_MESSAGES: readonly Message[] = [];

/** A message with nothing but type and addresses. */
export function newMessage(type: MessageType, to: NodeId, from: NodeId = NO_NODE): Message {
  return {
    type,
    from,
    to,
    term: 0,
    logTerm: 0,
    index: 0,
    commit: 0,
    vote: 0,
    entries: NO_ENTRIES,
    snapshot: null,
    reject: false,
    rejectHint: 0,
    isTransfer: false,
    context: 0,
    readToken: 0,
    responses: NO_MESSAGES,
  };
}

/** Whether a message of this type is the host's own business. */
export function isStorageMessage(type: MessageType): boolean {
  return (
    type === 'MsgStorageAppend' ||
    type === 'MsgStorageAppendResp' ||
    type === 'MsgStorageApply' ||
    type === 'MsgStorageApplyResp'
  );
}

/** Whether the type answers something, so that it makes sense only from a member. */
export function isResponse(type: MessageType): boolean {
  switch (type) {
    case 'MsgAppResp':
    case 'MsgVoteResp':
    case 'MsgPreVoteResp':
    case 'MsgHeartbeatResp':
    case 'MsgReadIndexResp':
    case 'MsgStorageAppendResp':
    case 'MsgStorageApplyResp':
      return true;
    default:
      return false;
  }
}

/** Whether sender or receiver is this very node: such messages never meet the network, so they can't be lost. */
export function isLocalDelivery(message: Message): boolean {
  return message.from === message.to || isStorageThread(message.from) || isStorageThread(message.to);
}
