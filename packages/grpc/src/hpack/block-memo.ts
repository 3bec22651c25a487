/**
 * The last few blocks that decode without touching the dynamic table, with what they decode to. Peers send the same block again and
 * again; while the table stands still, equal octets mean an equal list.
 */
import type { HeaderList } from '../base/header-list.js';

const SLOTS = 4;
const BLOCK_BYTES_MAX = 256;

interface Slot {
  readonly block: Uint8Array;
  readonly list: HeaderList;
}

/** Blocks of one decoder. */
export class BlockMemo {
  #slots: Slot[] = [];
  #next = 0;

  /** The list that this block decoded to before. */
  find(bytes: Uint8Array, from: number, to: number): HeaderList | undefined {
    for (const slot of this.#slots) if (isEqual(slot.block, bytes, from, to)) return slot.list;
    return undefined;
  }

  /** Remembers a copy of a block; large ones are not worth it. */
  keep(bytes: Uint8Array, from: number, to: number, list: HeaderList): void {
    if (to - from > BLOCK_BYTES_MAX) return;
    // A Buffer's own `slice` would be a view.
    this.#slots[this.#next] = { block: Uint8Array.prototype.slice.call(bytes, from, to), list };
    this.#next = (this.#next + 1) % SLOTS;
  }

  /** Forgets everything: the table has changed. */
  clear(): void {
    if (this.#slots.length === 0) return;
    this.#slots = [];
    this.#next = 0;
  }
}

function isEqual(block: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  const length = block.length;
  if (length !== to - from) return false;
  for (let at = 0; at < length; at++) if (block[at] !== bytes[from + at]) return false;
  return true;
}
