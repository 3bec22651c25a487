/**
 * Raft messages as bytes (version 1 of the peer protocol). All integers are little-endian.
 *
 * ```
 * message    u32 shard, u8 type, u8 flags, u64 from, to, term, logTerm, index, commit, rejectHint, context, readToken,
 *            u32 count, count × entry, snapshot when the flag says so
 * entry      u64 term, u64 index, u8 type, u32 length, data
 * snapshot   u64 index, u64 term, u8 autoLeave, 4 × (u32 count, count × u64), u32 length, data
 * heartbeat  u32 shard, u64 term, commit, readToken; the nodes are those of the connection
 * ```
 * Encoding writes in place, entries' data is copied once; decoding makes views of the frame (N13). What the host's own storage says (vote, responses)
 * never travels.
 */
import { writeU32, writeU64 } from '@kvorum/core/base/bytes.js';
import { type Entry, type EntryType, NO_ENTRIES } from '@kvorum/core/raft/entry.js';
import { type Message, newMessage, PEER_MESSAGE_TYPES, type PeerMessageType } from '@kvorum/core/raft/message.js';
import type { ConfState, Snapshot } from '@kvorum/core/raft/snapshot.js';
import { type ByteReader, ProtocolError } from './wire.js';

/** Size of an encoded heartbeat or its response. */
export const HEARTBEAT_BYTES = 4 + 3 * 8;

const MESSAGE_FIXED_BYTES = 4 + 1 + 1 + 9 * 8 + 4;
const ENTRY_FIXED_BYTES = 8 + 8 + 1 + 4;
const SNAPSHOT_FIXED_BYTES = 8 + 8 + 1 + 4 * 4 + 4;

const FLAG_REJECT = 1;
const FLAG_TRANSFER = 2;
const FLAG_SNAPSHOT = 4;

/** Numbers are part of the format. */
const ENTRY_TYPES: readonly EntryType[] = ['normal', 'confChange', 'confChangeV2'];

const TYPE_NUMBERS: ReadonlyMap<string, number> = new Map(PEER_MESSAGE_TYPES.map((type, number) => [type, number]));

/** Size of `message` as {@link writeMessage} writes it. */
export function messageBytes(message: Message): number {
  let size = MESSAGE_FIXED_BYTES;
  for (const entry of message.entries) size += ENTRY_FIXED_BYTES + entry.data.length;
  if (message.snapshot !== null) size += snapshotBytes(message.snapshot);
  return size;
}

/** Writes a message and returns the position behind it. A storage message is a bug and throws. */
export function writeMessage(bytes: Uint8Array, start: number, shard: number, message: Message): number {
  const type = TYPE_NUMBERS.get(message.type);
  if (type === undefined) throw new TypeError(`${message.type} is for one node only`);
  writeU32(bytes, start, shard);
  bytes[start + 4] = type;
  bytes[start + 5] =
    (message.reject ? FLAG_REJECT : 0) |
    (message.isTransfer ? FLAG_TRANSFER : 0) |
    (message.snapshot === null ? 0 : FLAG_SNAPSHOT);
  writeU64(bytes, start + 6, message.from);
  writeU64(bytes, start + 14, message.to);
  writeU64(bytes, start + 22, message.term);
  writeU64(bytes, start + 30, message.logTerm);
  writeU64(bytes, start + 38, message.index);
  writeU64(bytes, start + 46, message.commit);
  writeU64(bytes, start + 54, message.rejectHint);
  writeU64(bytes, start + 62, message.context);
  writeU64(bytes, start + 70, message.readToken);
  writeU32(bytes, start + 78, message.entries.length);
  let at = start + MESSAGE_FIXED_BYTES;
  for (const entry of message.entries) at = writeEntry(bytes, at, entry);
  return message.snapshot === null ? at : writeSnapshot(bytes, at, message.snapshot);
}

/** Reads a message whose shard was read already. Byte fields are views. */
export function readMessage(reader: ByteReader): Message {
  const type: PeerMessageType | undefined = PEER_MESSAGE_TYPES[reader.u8()];
  if (type === undefined) throw new ProtocolError('unknown message type');
  const flags = reader.u8();
  if ((flags & ~(FLAG_REJECT | FLAG_TRANSFER | FLAG_SNAPSHOT)) !== 0) throw new ProtocolError('unknown message flags');
  const message = newMessage(type, 0);
  message.from = reader.u64();
  message.to = reader.u64();
  message.term = reader.u64();
  message.logTerm = reader.u64();
  message.index = reader.u64();
  message.commit = reader.u64();
  message.rejectHint = reader.u64();
  message.context = reader.u64();
  message.readToken = reader.u64();
  message.reject = (flags & FLAG_REJECT) !== 0;
  message.isTransfer = (flags & FLAG_TRANSFER) !== 0;
  message.entries = readEntries(reader);
  if (type === 'MsgApp') expectConsecutive(message);
  if ((flags & FLAG_SNAPSHOT) !== 0) message.snapshot = readSnapshot(reader);
  return message;
}

/** Whether `message` says no more than the short form of a heartbeat or its response can hold. */
export function isPlainHeartbeat(message: Message): boolean {
  return (
    (message.type === 'MsgHeartbeat' || message.type === 'MsgHeartbeatResp') &&
    message.logTerm === 0 &&
    message.index === 0 &&
    message.rejectHint === 0 &&
    message.context === 0 &&
    !message.reject &&
    !message.isTransfer &&
    message.entries.length === 0 &&
    message.snapshot === null
  );
}

/** Writes the short form of a heartbeat or its response. */
export function writeHeartbeat(bytes: Uint8Array, at: number, shard: number, message: Message): void {
  writeU32(bytes, at, shard);
  writeU64(bytes, at + 4, message.term);
  writeU64(bytes, at + 12, message.commit);
  writeU64(bytes, at + 20, message.readToken);
}

/** Reads the short form behind the shard. */
export function readHeartbeat(
  reader: ByteReader,
  type: 'MsgHeartbeat' | 'MsgHeartbeatResp',
  from: number,
  to: number,
): Message {
  const message = newMessage(type, to, from);
  message.term = reader.u64();
  message.commit = reader.u64();
  message.readToken = reader.u64();
  return message;
}

function writeEntry(bytes: Uint8Array, at: number, entry: Entry): number {
  writeU64(bytes, at, entry.term);
  writeU64(bytes, at + 8, entry.index);
  bytes[at + 16] = ENTRY_TYPES.indexOf(entry.type);
  writeU32(bytes, at + 17, entry.data.length);
  bytes.set(entry.data, at + ENTRY_FIXED_BYTES);
  return at + ENTRY_FIXED_BYTES + entry.data.length;
}

function readEntries(reader: ByteReader): readonly Entry[] {
  const count = reader.u32();
  if (count === 0) return NO_ENTRIES;
  if (count > reader.left / ENTRY_FIXED_BYTES) throw new ProtocolError('more entries than bytes');
  const entries: Entry[] = [];
  for (let n = 0; n < count; n += 1) {
    const term = reader.u64();
    const index = reader.u64();
    const type = ENTRY_TYPES[reader.u8()];
    if (type === undefined) throw new ProtocolError('unknown entry type');
    entries.push({ term, index, type, data: reader.sizedBytes() });
  }
  return entries;
}

/** Entries of a MsgApp follow its index without a gap (Raft paper 5.3): the core relies on it. */
function expectConsecutive(message: Message): void {
  let index = message.index;
  for (const entry of message.entries) {
    index += 1;
    if (entry.index !== index) throw new ProtocolError('entries with a gap');
  }
}

function snapshotBytes(snapshot: Snapshot): number {
  const conf = snapshot.confState;
  const nodes = conf.voters.length + conf.votersOutgoing.length + conf.learners.length + conf.learnersNext.length;
  return SNAPSHOT_FIXED_BYTES + 8 * nodes + snapshot.data.length;
}

function writeSnapshot(bytes: Uint8Array, start: number, snapshot: Snapshot): number {
  const conf = snapshot.confState;
  writeU64(bytes, start, snapshot.index);
  writeU64(bytes, start + 8, snapshot.term);
  bytes[start + 16] = conf.autoLeave ? 1 : 0;
  let at = writeNodes(bytes, start + 17, conf.voters);
  at = writeNodes(bytes, at, conf.votersOutgoing);
  at = writeNodes(bytes, at, conf.learners);
  at = writeNodes(bytes, at, conf.learnersNext);
  writeU32(bytes, at, snapshot.data.length);
  bytes.set(snapshot.data, at + 4);
  return at + 4 + snapshot.data.length;
}

function readSnapshot(reader: ByteReader): Snapshot {
  const index = reader.u64();
  const term = reader.u64();
  const autoLeave = reader.u8();
  if (autoLeave > 1) throw new ProtocolError('neither true nor false');
  const confState: ConfState = {
    voters: readNodes(reader),
    votersOutgoing: readNodes(reader),
    learners: readNodes(reader),
    learnersNext: readNodes(reader),
    autoLeave: autoLeave === 1,
  };
  return { index, term, confState, data: reader.sizedBytes() };
}

function writeNodes(bytes: Uint8Array, start: number, nodes: readonly number[]): number {
  writeU32(bytes, start, nodes.length);
  let at = start + 4;
  for (const node of nodes) {
    writeU64(bytes, at, node);
    at += 8;
  }
  return at;
}

function readNodes(reader: ByteReader): readonly number[] {
  const count = reader.u32();
  if (count > reader.left / 8) throw new ProtocolError('more nodes than bytes');
  const nodes: number[] = [];
  for (let n = 0; n < count; n += 1) nodes.push(reader.u64());
  return nodes;
}
