/**
 * The last few blocks that decode without touching the dynamic table, with what they decode to. Peers send the same block again and
 * again; while the table stands still, equal octets mean an equal list.
 */
import type { HeaderList } from '../base/header-list.js';

const SLOTS = 4;
const BLOCK_BYTES_MAX = 256;
/** Room of a slot at first: the usual blocks of one or two dozen octets. */
const BLOCK_BYTES_MIN = 64;
const nothing: HeaderList = [];

interface Slot {
  /** The block in the first `length` octets; the memory is used again for the next one. */
  block: Uint8Array;
  length: number;
  list: HeaderList;
}

/** Blocks of one decoder. */
export class BlockMemo {
  readonly #slots: Slot[] = [];
  /** Slots in use; those behind are free. */
  #used = 0;
  #next = 0;

  /** The list that this block decoded to before. */
  find(bytes: Uint8Array, from: number, to: number): HeaderList | undefined {
    for (let at = 0; at < this.#used; at++) {
      const slot = this.#slots[at];
      if (slot !== undefined && isEqual(slot, bytes, from, to)) return slot.list;
    }
    return undefined;
  }

  /** Remembers a copy of a block; large ones are not worth it. */
  keep(bytes: Uint8Array, from: number, to: number, list: HeaderList): void {
    const length = to - from;
    if (length > BLOCK_BYTES_MAX) return;
    const slot = this.#slots[this.#next] ?? { block: new Uint8Array(BLOCK_BYTES_MIN), length: 0, list: nothing };
    if (slot.block.length < length) slot.block = new Uint8Array(BLOCK_BYTES_MAX);
    for (let at = 0; at < length; at++) slot.block[at] = bytes[from + at] ?? 0;
    slot.length = length;
    slot.list = list;
    this.#slots[this.#next] = slot;
    this.#used = Math.max(this.#used, this.#next + 1);
    this.#next = (this.#next + 1) % SLOTS;
  }

  /** Forgets everything: the table has changed. */
  clear(): void {
    for (let at = 0; at < this.#used; at++) {
      const slot = this.#slots[at];
      if (slot !== undefined) slot.list = nothing;
    }
    this.#used = 0;
    this.#next = 0;
  }
}

function isEqual(slot: Slot, bytes: Uint8Array, from: number, to: number): boolean {
  const { block, length } = slot;
  if (length !== to - from) return false;
  // From the end: what differs between calls, a timeout say, stands behind what doesn't.
  for (let at = length - 1; at >= 0; at--) if (block[at] !== bytes[from + at]) return false;
  return true;
}
