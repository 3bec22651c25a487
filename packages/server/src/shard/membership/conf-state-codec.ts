/**
 * ConfState as bytes, for the WAL's segment table and the store's meta row. Format 1: u8 format, u8 autoLeave, then voters, votersOutgoing,
 * learners and learnersNext, each as u16 count and its node ids as u32, little-endian. No bytes at all stand for "none yet".
 */
import { type ConfState, EMPTY_CONF_STATE } from '@kvorum/core/raft/snapshot.js';

const format = 1;
const listNames = ['voters', 'votersOutgoing', 'learners', 'learnersNext'] as const;

/** The bytes are not a ConfState. */
export class ConfStateError extends Error {
  override readonly name = 'ConfStateError';
  readonly code = 'BAD_CONF_STATE';
}

/** The bytes of a ConfState, as log, store and snapshots hold them. */
export function encodeConfState(state: ConfState): Uint8Array {
  const ids = listNames.reduce((count, name) => count + state[name].length, 0);
  const bytes = new Uint8Array(2 + 2 * listNames.length + 4 * ids);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, format);
  view.setUint8(1, state.autoLeave ? 1 : 0);
  let at = 2;
  for (const name of listNames) {
    view.setUint16(at, state[name].length, true);
    at += 2;
    for (const id of state[name]) {
      view.setUint32(at, id, true);
      at += 4;
    }
  }
  return bytes;
}

/** @throws ConfStateError */
export function decodeConfState(bytes: Uint8Array): ConfState {
  if (bytes.length === 0) return EMPTY_CONF_STATE;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(0) !== format) throw new ConfStateError(`unknown ConfState format ${view.getUint8(0)}`);
  const lists: Record<(typeof listNames)[number], number[]> = {
    voters: [],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
  };
  let at = 2;
  for (const name of listNames) {
    const count = at + 2 <= bytes.length ? view.getUint16(at, true) : Number.POSITIVE_INFINITY;
    at += 2;
    if (at + 4 * count > bytes.length) throw new ConfStateError('ConfState is cut short');
    for (let i = 0; i < count; i += 1, at += 4) lists[name].push(view.getUint32(at, true));
  }
  if (at !== bytes.length) throw new ConfStateError('bytes after the ConfState');
  return { ...lists, autoLeave: view.getUint8(1) === 1 };
}
