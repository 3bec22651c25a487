/**
 * One command as bytes, format 1. Encoded once, where the request arrived; forwarding and batching pass the bytes on.
 *
 * | offset | field |
 * |---|---|
 * | 0 | type u8 |
 * | 1 | flags u8: which optional fields the body has |
 * | 2 | reserved u16, zero |
 * | 4 | body length u32 |
 * | 8 | body |
 *
 * Bodies (little-endian; a field in brackets is there when its flag is set):
 * - put: [session stamp] [lease u64] [ifModRevision u64] key length u32, key, value
 * - delete: [session stamp] [ifModRevision u64] key length u32, key [rangeEnd]
 * - compact: revision u64
 * - compare: nothing; every replica notes its state hashes once the entry is applied (R14)
 * - openSession: sessionsMax u32, zero u32
 * - keepSession, closeSession: session u64
 * - expireSessions: idle ms u64
 *
 * A session stamp is session u64, sequence u64, firstUnacknowledged u64.
 *
 * A new kind of command takes a new type; a replica that does not know it must not guess, so decoding is strict.
 */
import { assert } from '../base/assert.js';
import type { BytePool } from '../base/byte-pool.js';
import { copyBytes, writeU32, writeU64 } from '../base/bytes.js';

/** Types of command. */
export const COMMAND_PUT = 1;
export const COMMAND_DELETE = 2;
export const COMMAND_COMPACT = 3;
export const COMMAND_COMPARE = 4;
export const COMMAND_OPEN_SESSION = 5;
export const COMMAND_KEEP_SESSION = 6;
export const COMMAND_CLOSE_SESSION = 7;
export const COMMAND_EXPIRE_SESSIONS = 8;

/** Flags of a command. */
export const FLAG_LEASE = 1;
export const FLAG_IF_MOD_REVISION = 2;
export const FLAG_IF_ABSENT = 4;
export const FLAG_RANGE_END = 8;
export const FLAG_SESSION = 16;

/** Bytes of a session stamp. */
export const SESSION_STAMP_BYTES = 24;

/** Bytes before a command's body. */
export const COMMAND_HEAD_BYTES = 8;

/** Longest key; the shortest is one byte. */
export const KEY_BYTES_MAX = 65_536;

/** Longest range end: a key's successor is one byte longer than the key. */
export const RANGE_END_BYTES_MAX = KEY_BYTES_MAX + 1;

/** As `rangeEnd`: every key ≥ the start. */
export const RANGE_END_OPEN = Uint8Array.of(0);

/** Makes a write happen once, however often it is sent (architecture 14). All are whole numbers from 1 on. */
export interface SessionStamp {
  readonly session: number;
  /** Of this write within its session; another write never has it. */
  readonly sequence: number;
  /** The caller knows the outcomes of all sequences below and never asks for them again. At most `sequence`. */
  readonly firstUnacknowledged: number;
}

/** Conditions and attributes of a put. */
export interface PutOptions {
  readonly session?: SessionStamp;
  /** Lease id as an unsigned 64-bit number, 0n (default) for none. */
  readonly lease?: bigint;
  /** Write only when the key's newest modRevision is this one; 0 means: only when it does not exist. */
  readonly ifModRevision?: number;
  /** Write only when the key does not exist. Not together with `ifModRevision`. */
  readonly ifAbsent?: boolean;
}

/** What a delete covers and asks for. */
export interface DeleteOptions {
  readonly session?: SessionStamp;
  /** Delete [key, rangeEnd) instead of one key; {@link RANGE_END_OPEN} for everything from `key` on. Not with `ifModRevision`. */
  readonly rangeEnd?: Uint8Array;
  /** Delete only when the key's newest modRevision is this one. */
  readonly ifModRevision?: number;
}

/** Encodes a put, into `pool` if given. Key and value are copied (N13). Key length must be within 1 to {@link KEY_BYTES_MAX}. */
export function encodePut(key: Uint8Array, value: Uint8Array, options: PutOptions = {}, pool?: BytePool): Uint8Array {
  assert(key.length > 0 && key.length <= KEY_BYTES_MAX, 'key length out of range');
  assert(
    options.ifModRevision === undefined || options.ifAbsent !== true,
    'ifModRevision and ifAbsent exclude each other',
  );
  const lease = options.lease ?? 0n;
  let flags = 0;
  let body = 4 + key.length + value.length;
  if (lease !== 0n) {
    flags |= FLAG_LEASE;
    body += 8;
  }
  if (options.ifModRevision !== undefined) {
    flags |= FLAG_IF_MOD_REVISION;
    body += 8;
  }
  if (options.ifAbsent === true) flags |= FLAG_IF_ABSENT;
  if (options.session !== undefined) {
    flags |= FLAG_SESSION;
    body += SESSION_STAMP_BYTES;
  }
  const command = startCommand(COMMAND_PUT, flags, body, pool);
  let at = writeStamp(command, options.session);
  if (lease !== 0n) {
    assert(lease > 0n && lease < 1n << 64n, 'lease out of range');
    writeU32(command, at, Number(lease & 0xffff_ffffn));
    writeU32(command, at + 4, Number(lease >> 32n));
    at += 8;
  }
  if (options.ifModRevision !== undefined) {
    writeU64(command, at, options.ifModRevision);
    at += 8;
  }
  writeU32(command, at, key.length);
  copyBytes(command, at + 4, key, 0, key.length);
  copyBytes(command, at + 4 + key.length, value, 0, value.length);
  return command;
}

/** Encodes a delete of one key or of a range. */
export function encodeDelete(key: Uint8Array, options: DeleteOptions = {}): Uint8Array {
  const { rangeEnd, ifModRevision } = options;
  assert(key.length > 0 && key.length <= KEY_BYTES_MAX, 'key length out of range');
  assert(rangeEnd === undefined || ifModRevision === undefined, 'ifModRevision needs a single key');
  assert(
    rangeEnd === undefined || (rangeEnd.length > 0 && rangeEnd.length <= RANGE_END_BYTES_MAX),
    'bad rangeEnd length',
  );
  const flags =
    (ifModRevision === undefined ? 0 : FLAG_IF_MOD_REVISION) |
    (rangeEnd === undefined ? 0 : FLAG_RANGE_END) |
    (options.session === undefined ? 0 : FLAG_SESSION);
  const optional = (ifModRevision === undefined ? 0 : 8) + (options.session === undefined ? 0 : SESSION_STAMP_BYTES);
  const command = startCommand(COMMAND_DELETE, flags, optional + 4 + key.length + (rangeEnd?.length ?? 0));
  let at = writeStamp(command, options.session);
  if (ifModRevision !== undefined) {
    writeU64(command, at, ifModRevision);
    at += 8;
  }
  writeU32(command, at, key.length);
  command.set(key, at + 4);
  if (rangeEnd !== undefined) command.set(rangeEnd, at + 4 + key.length);
  return command;
}

/** Encodes a compaction of all revisions below `revision`. */
export function encodeCompact(revision: number): Uint8Array {
  return encodeNumber(COMMAND_COMPACT, revision);
}

/** Encodes a comparison: it names the index of its entry, at which replicas compare their state hashes. Changes nothing. */
export function encodeCompare(): Uint8Array {
  return startCommand(COMMAND_COMPARE, 0, 0);
}

/** Encodes the opening of a session, refused when `sessionsMax` are open. */
export function encodeOpenSession(sessionsMax: number): Uint8Array {
  const command = startCommand(COMMAND_OPEN_SESSION, 0, 8);
  writeU32(command, COMMAND_HEAD_BYTES, sessionsMax);
  return command;
}

/** Encodes a sign of life of a session that writes nothing. */
export function encodeKeepSession(session: number): Uint8Array {
  return encodeNumber(COMMAND_KEEP_SESSION, session);
}

/** Encodes the end of a session. */
export function encodeCloseSession(session: number): Uint8Array {
  return encodeNumber(COMMAND_CLOSE_SESSION, session);
}

/** Encodes the end of all sessions unused for `idleMs` of shardTime. For the leader: whether there are any only the log decides. */
export function encodeExpireSessions(idleMs: number): Uint8Array {
  return encodeNumber(COMMAND_EXPIRE_SESSIONS, idleMs);
}

/** Whether a command keeps sessions alive or lets go of them: small, and taken also by a node that takes nothing else any more (S12). */
export function isUpkeep(command: Uint8Array): boolean {
  const type = command[0];
  return type === COMMAND_KEEP_SESSION || type === COMMAND_CLOSE_SESSION || type === COMMAND_EXPIRE_SESSIONS;
}

function encodeNumber(type: number, value: number): Uint8Array {
  const command = startCommand(type, 0, 8);
  writeU64(command, COMMAND_HEAD_BYTES, value);
  return command;
}

/** Writes the stamp, if there is one, where a body begins; returns the offset after it. */
function writeStamp(command: Uint8Array, stamp: SessionStamp | undefined): number {
  if (stamp === undefined) return COMMAND_HEAD_BYTES;
  const { session, sequence, firstUnacknowledged } = stamp;
  assert(session > 0 && firstUnacknowledged > 0 && sequence >= firstUnacknowledged, 'session stamp out of range');
  writeU64(command, COMMAND_HEAD_BYTES, session);
  writeU64(command, COMMAND_HEAD_BYTES + 8, sequence);
  writeU64(command, COMMAND_HEAD_BYTES + 16, firstUnacknowledged);
  return COMMAND_HEAD_BYTES + SESSION_STAMP_BYTES;
}

function startCommand(type: number, flags: number, bodyBytes: number, pool?: BytePool): Uint8Array {
  const length = COMMAND_HEAD_BYTES + bodyBytes;
  const command = pool === undefined ? new Uint8Array(length) : pool.allocate(length);
  command[0] = type;
  command[1] = flags;
  writeU32(command, 4, bodyBytes);
  return command;
}
