/**
 * Configuration changes as bytes of an entry. Format 1, little endian:
 * u8 format, u8 version, u8 transition, u16 count, count × (u8 type, u64 nodeId), then the context to the end.
 * Zero bytes are the change that leaves a joint configuration.
 */
import { assert } from '../../base/assert.js';
import { byteAt, EMPTY_BYTES, isSafeU64, readU64, writeU64 } from '../../base/bytes.js';
import type { Entry, EntryType } from '../entry.js';
import type { ConfChange, ConfChangeSingle, ConfChangeTransition, ConfChangeType } from './conf-change.js';
import { LEAVE_JOINT } from './conf-change.js';

const FORMAT = 1;
const HEADER_BYTES = 5;
const CHANGE_BYTES = 9;
/** Most changes in one configuration change. */
export const CONF_CHANGES_MAX = 65_535;

const TRANSITIONS: readonly ConfChangeTransition[] = ['auto', 'implicit', 'explicit'];
const TYPES: readonly ConfChangeType[] = ['addVoter', 'remove', 'update', 'addLearner'];

/** An entry's bytes that are no configuration change. */
export class ConfChangeDecodeError extends Error {
  readonly code = 'CONF_CHANGE_DECODE';
}

/** The entry type that carries `change`. */
export function entryTypeOf(change: ConfChange): EntryType {
  return change.version === 1 ? 'confChange' : 'confChangeV2';
}

/** Encodes a change; the change that leaves a joint configuration (without context) takes no bytes. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  const changes = change.version === 1 ? [change.change] : change.changes;
  const transition = change.version === 1 ? 'auto' : change.transition;
  if (changes.length === 0 && transition === 'auto' && change.context.length === 0) return EMPTY_BYTES;
  assert(changes.length <= CONF_CHANGES_MAX, 'too many changes in one configuration change');
  const bytes = new Uint8Array(HEADER_BYTES + changes.length * CHANGE_BYTES + change.context.length);
  bytes[0] = FORMAT;
  bytes[1] = change.version;
  bytes[2] = TRANSITIONS.indexOf(transition);
  bytes[3] = changes.length;
  bytes[4] = changes.length >>> 8;
  let at = HEADER_BYTES;
  for (const { type, nodeId } of changes) {
    bytes[at] = TYPES.indexOf(type);
    writeU64(bytes, at + 1, nodeId);
    at += CHANGE_BYTES;
  }
  bytes.set(change.context, at);
  return bytes;
}

/** Decodes what {@link encodeConfChange} made. Throws {@link ConfChangeDecodeError} on anything else. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  if (bytes.length === 0) return LEAVE_JOINT;
  if (bytes.length < HEADER_BYTES) throw new ConfChangeDecodeError(`configuration change of ${bytes.length} bytes`);
  if (bytes[0] !== FORMAT) throw new ConfChangeDecodeError(`configuration change of unknown format ${bytes[0]}`);
  const transition = TRANSITIONS[byteAt(bytes, 2)];
  if (transition === undefined) throw new ConfChangeDecodeError(`unknown transition ${bytes[2]}`);
  const count = byteAt(bytes, 3) + byteAt(bytes, 4) * 256;
  const end = HEADER_BYTES + count * CHANGE_BYTES;
  if (bytes.length < end) throw new ConfChangeDecodeError('configuration change is cut short');
  const changes: ConfChangeSingle[] = [];
  for (let at = HEADER_BYTES; at < end; at += CHANGE_BYTES) changes.push(decodeSingle(bytes, at));
  const context = bytes.slice(end);
  if (bytes[1] === 2) return { version: 2, transition, changes, context };
  const [change] = changes;
  if (bytes[1] === 1 && change !== undefined && count === 1) return { version: 1, change, context };
  throw new ConfChangeDecodeError(`configuration change of version ${bytes[1]} with ${count} changes`);
}

/** The change that `entry` carries, null for a normal entry. */
export function confChangeOf(entry: Entry): ConfChange | null {
  return entry.type === 'normal' ? null : decodeConfChange(entry.data);
}

function decodeSingle(bytes: Uint8Array, at: number): ConfChangeSingle {
  const type = TYPES[byteAt(bytes, at)];
  if (type === undefined) throw new ConfChangeDecodeError(`unknown change type ${bytes[at]}`);
  if (!isSafeU64(bytes, at + 1)) throw new ConfChangeDecodeError('node id above 2^53');
  return { type, nodeId: readU64(bytes, at + 1) };
}
