/**
 * Encoded blocks of lists that are sent again and again, found by identity. Only a list seen before is worth a copy of its block, so that
 * lists made for one call don't push out the constant ones.
 */
import type { HeaderList } from '../base/header-list.js';

const SLOTS = 4;
const BLOCK_BYTES_MAX = 256;

/** Blocks of one encoder. */
export class ListMemo {
  readonly #seen: (HeaderList | undefined)[] = [];
  #nextSeen = 0;
  #lists: HeaderList[] = [];
  #blocks: Uint8Array[] = [];
  #next = 0;

  /** The block of this very list. */
  find(list: HeaderList): Uint8Array | undefined {
    for (let at = 0; at < this.#lists.length; at++) if (this.#lists[at] === list) return this.#blocks[at];
    return undefined;
  }

  /** Tells that `block` (a view, copied if kept) is what the list encodes to while the table stands still. */
  offer(list: HeaderList, block: Uint8Array): void {
    if (block.length > BLOCK_BYTES_MAX) return;
    if (!this.#seen.includes(list)) {
      this.#seen[this.#nextSeen] = list;
      this.#nextSeen = (this.#nextSeen + 1) % SLOTS;
      return;
    }
    this.#lists[this.#next] = list;
    // A Buffer's own `slice` would be a view.
    this.#blocks[this.#next] = Uint8Array.prototype.slice.call(block);
    this.#next = (this.#next + 1) % SLOTS;
  }

  /** Forgets the blocks: the table has changed. */
  clear(): void {
    if (this.#lists.length === 0) return;
    this.#lists = [];
    this.#blocks = [];
    this.#next = 0;
  }
}
