/**
 * Pages of the key index: 4 KiB each, in a few large slabs, named by page number. No object and no typed array per page or key (N12).
 *
 * A page is slotted: a 16-byte header (words: level, entry count, offset of the lowest entry, bytes lost in gaps), u16 entry offsets in key
 * order growing up, entries growing down from the end, 4-aligned. Level 0 is a leaf.
 *
 * | entry word | leaf | inner |
 * |---|---|---|
 * | 0 | main, low half | child page |
 * | 1 | main, high half; bit 31 tombstone | live keys below |
 * | 2 | sub | key length |
 * | 3, 4 | createRevision | key |
 * | 5, 6 | version | |
 * | 7, 8 | lease | |
 * | 9 | key length | |
 * | 10 | key | |
 *
 * A key above {@link INLINE_KEY_BYTES_MAX} has a heap handle in its place. The key of an inner page's first entry counts as lowest and is empty.
 */
import { assert } from '../base/assert.js';
import { byteAt, copyBytes, EMPTY_BYTES } from '../base/bytes.js';
import { KeyHeap } from './key-heap.js';

/** Longest key that lies in the page itself. */
export const INLINE_KEY_BYTES_MAX = 256;

const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;
const SLAB_SHIFT = 10;
const SLAB_MASK = (1 << SLAB_SHIFT) - 1;
const HEADER_BYTES = 16;
const LEAF_HEAD_BYTES = 40;
const INNER_HEAD_BYTES = 12;
const NO_WORDS: Uint32Array = new Uint32Array(0);
const NO_HALVES: Uint16Array = new Uint16Array(0);

/** Room that every separator fits in. */
export const SEPARATOR_ROOM_BYTES = INNER_HEAD_BYTES + INLINE_KEY_BYTES_MAX + 2;

/** Bytes a page has for entries and their slots. */
export const PAGE_ROOM_BYTES = PAGE_BYTES - HEADER_BYTES;

/** The page store. `page` and `slot` arguments are trusted: only the index calls this. */
export class KeyPages {
  readonly heap = new KeyHeap();
  /** Whether the last `search` found the key itself. */
  isMatch = false;
  readonly #bytes: Uint8Array[] = [];
  readonly #halves: Uint16Array[] = [];
  readonly #words: Uint32Array[] = [];
  readonly #free: number[] = [];
  #pageCount = 0;
  /** One page, to rewrite another without gaps. */
  readonly #scratch = new Uint8Array(PAGE_BYTES);

  /** Pages in use. */
  get pagesInUse(): number {
    return this.#pageCount - this.#free.length;
  }

  /** Bytes allocated for pages and long keys. */
  get bytesReserved(): number {
    return (this.#bytes.length << SLAB_SHIFT) * PAGE_BYTES + this.heap.bytesReserved;
  }

  /** A new empty page. */
  allocate(level: number): number {
    const page = this.#free.pop() ?? this.#extend();
    this.#reset(page, level);
    return page;
  }

  /** Gives a page back; its entries must be gone or moved. */
  free(page: number): void {
    this.#free.push(page);
  }

  level(page: number): number {
    return this.wordAt(page, 0);
  }

  setLevel(page: number, level: number): void {
    this.setWord(page, 0, level);
  }

  count(page: number): number {
    return this.wordAt(page, 4);
  }

  /** Bytes of entries and slots in the page. */
  usedBytes(page: number): number {
    return PAGE_BYTES - this.wordAt(page, 8) - this.wordAt(page, 12) + 2 * this.count(page);
  }

  /** Where an entry starts; for {@link wordAt} and {@link setWord}. */
  entry(page: number, slot: number): number {
    return this.#halvesOf(page)[(((page & SLAB_MASK) * PAGE_BYTES + HEADER_BYTES) >>> 1) + slot] ?? 0;
  }

  /** The u32 at a byte offset of the page. */
  wordAt(page: number, offset: number): number {
    return (this.#words[page >>> SLAB_SHIFT] ?? NO_WORDS)[(page & SLAB_MASK) * PAGE_WORDS + (offset >>> 2)] ?? 0;
  }

  setWord(page: number, offset: number, value: number): void {
    (this.#words[page >>> SLAB_SHIFT] ?? NO_WORDS)[(page & SLAB_MASK) * PAGE_WORDS + (offset >>> 2)] = value;
  }

  /** Lower bound: the first slot ≥ `first` whose key is ≥ `key[start, end)`; `isMatch` tells whether it is equal. */
  search(page: number, first: number, key: Uint8Array, start: number, end: number): number {
    const bytes = this.#bytes[page >>> SLAB_SHIFT] ?? EMPTY_BYTES;
    const words = this.#words[page >>> SLAB_SHIFT] ?? NO_WORDS;
    const halves = this.#halves[page >>> SLAB_SHIFT] ?? NO_HALVES;
    const base = (page & SLAB_MASK) * PAGE_BYTES;
    const slots = (base + HEADER_BYTES) >>> 1;
    const head = words[base >>> 2] === 0 ? LEAF_HEAD_BYTES : INNER_HEAD_BYTES;
    const keyBytes = end - start;
    let low = first;
    let high = words[(base >>> 2) + 1] ?? 0;
    // What both bounds share with the key needs no second look: keys between them share it too.
    let sharedLow = 0;
    let sharedHigh = 0;
    this.isMatch = false;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let otherAt = base + (halves[slots + middle] ?? 0) + head;
      const otherBytes = words[(otherAt >>> 2) - 1] ?? 0;
      let other = bytes;
      if (otherBytes > INLINE_KEY_BYTES_MAX) {
        const handle = words[otherAt >>> 2] ?? 0;
        other = this.heap.bytes(handle);
        otherAt = this.heap.offset(handle);
      }
      const shared = keyBytes < otherBytes ? keyBytes : otherBytes;
      let at = sharedLow < sharedHigh ? sharedLow : sharedHigh;
      let difference = 0;
      for (; at < shared; at += 1) {
        difference = (key[start + at] ?? 0) - (other[otherAt + at] ?? 0);
        if (difference !== 0) break;
      }
      if (difference === 0) difference = keyBytes - otherBytes;
      if (difference === 0) {
        this.isMatch = true;
        return middle;
      }
      if (difference > 0) {
        low = middle + 1;
        sharedLow = at;
      } else {
        high = middle;
        sharedHigh = at;
      }
    }
    return low;
  }

  /** A copy of an entry's key. */
  copyKey(page: number, slot: number): Uint8Array {
    const at = this.entry(page, slot) + this.#headBytes(page);
    const length = this.wordAt(page, at - 4);
    if (length > INLINE_KEY_BYTES_MAX) {
      const handle = this.wordAt(page, at);
      return this.heap.bytes(handle).slice(this.heap.offset(handle), this.heap.offset(handle) + length);
    }
    const start = (page & SLAB_MASK) * PAGE_BYTES + at;
    return this.#bytesOf(page).slice(start, start + length);
  }

  /** Whether an entry's key is below `key`. */
  isBelow(page: number, slot: number, key: Uint8Array): boolean {
    const at = this.entry(page, slot) + this.#headBytes(page);
    const length = this.wordAt(page, at - 4);
    const handle = this.wordAt(page, at);
    const isLong = length > INLINE_KEY_BYTES_MAX;
    const other = isLong ? this.heap.bytes(handle) : this.#bytesOf(page);
    const otherAt = isLong ? this.heap.offset(handle) : (page & SLAB_MASK) * PAGE_BYTES + at;
    const shared = Math.min(length, key.length);
    for (let index = 0; index < shared; index += 1) {
      const difference = byteAt(other, otherAt + index) - byteAt(key, index);
      if (difference !== 0) return difference < 0;
    }
    return length < key.length;
  }

  /** Whether an entry with a key of `keyBytes` fits, gaps counted. */
  hasRoom(page: number, keyBytes: number): boolean {
    return this.usedBytes(page) + this.#headBytes(page) + storedBytes(keyBytes) + 2 <= PAGE_ROOM_BYTES;
  }

  /** Makes an entry at `slot`, which must fit; head words but the key length are the caller's to write. Returns where it starts. */
  insert(page: number, slot: number, key: Uint8Array, start: number, end: number): number {
    const head = this.#headBytes(page);
    const length = end - start;
    const at = this.#makeEntry(page, slot, head + storedBytes(length));
    this.setWord(page, at + head - 4, length);
    if (length > INLINE_KEY_BYTES_MAX) this.setWord(page, at + head, this.heap.store(key, start, end));
    else copyBytes(this.#bytesOf(page), (page & SLAB_MASK) * PAGE_BYTES + at + head, key, start, end);
    return at;
  }

  /** Removes an entry and frees its long key. */
  remove(page: number, slot: number): void {
    const at = this.entry(page, slot) + this.#headBytes(page);
    if (this.wordAt(page, at - 4) > INLINE_KEY_BYTES_MAX) this.heap.free(this.wordAt(page, at));
    this.#dropSlots(page, slot, 1);
  }

  /** Replaces the key of an inner entry by the empty one, and frees a long key. */
  clearKey(page: number, slot: number): void {
    const at = this.entry(page, slot) + INNER_HEAD_BYTES;
    const length = this.wordAt(page, at - 4);
    if (length > INLINE_KEY_BYTES_MAX) this.heap.free(this.wordAt(page, at));
    this.setWord(page, at - 4, 0);
    this.setWord(page, 12, this.wordAt(page, 12) + storedBytes(length));
  }

  /** Moves the entries from slot `from` on to the end of `target`, a page of the same level with room for them. */
  move(page: number, from: number, target: number): void {
    const count = this.count(page);
    const source = this.#bytesOf(page);
    const sourceBase = (page & SLAB_MASK) * PAGE_BYTES;
    for (let slot = from; slot < count; slot += 1) {
      const at = sourceBase + this.entry(page, slot);
      const length = this.entryBytes(page, slot);
      const to = this.#makeEntry(target, this.count(target), length);
      copyBytes(this.#bytesOf(target), (target & SLAB_MASK) * PAGE_BYTES + to, source, at, at + length);
    }
    this.#dropSlots(page, from, count - from);
  }

  /** Bytes of an entry without its slot. */
  entryBytes(page: number, slot: number): number {
    const head = this.#headBytes(page);
    return head + storedBytes(this.wordAt(page, this.entry(page, slot) + head - 4));
  }

  #headBytes(page: number): number {
    return this.level(page) === 0 ? LEAF_HEAD_BYTES : INNER_HEAD_BYTES;
  }

  /** Takes `length` bytes for an entry and opens `slot` for it. */
  #makeEntry(page: number, slot: number, length: number): number {
    const count = this.count(page);
    if (this.wordAt(page, 8) - length < HEADER_BYTES + 2 * (count + 1)) this.#squeeze(page);
    const at = this.wordAt(page, 8) - length;
    assert(at >= HEADER_BYTES + 2 * (count + 1), 'page has no room for the entry');
    const halves = this.#halvesOf(page);
    const slots = ((page & SLAB_MASK) * PAGE_BYTES + HEADER_BYTES) >>> 1;
    halves.copyWithin(slots + slot + 1, slots + slot, slots + count);
    halves[slots + slot] = at;
    this.setWord(page, 4, count + 1);
    this.setWord(page, 8, at);
    return at;
  }

  /** Removes slots and counts their entries as gaps. */
  #dropSlots(page: number, slot: number, dropped: number): void {
    const count = this.count(page);
    if (dropped === count) {
      this.#reset(page, this.level(page));
      return;
    }
    let gap = this.wordAt(page, 12);
    for (let index = slot; index < slot + dropped; index += 1) gap += this.entryBytes(page, index);
    const halves = this.#halvesOf(page);
    const slots = ((page & SLAB_MASK) * PAGE_BYTES + HEADER_BYTES) >>> 1;
    halves.copyWithin(slots + slot, slots + slot + dropped, slots + count);
    this.setWord(page, 4, count - dropped);
    this.setWord(page, 12, gap);
  }

  /** Rewrites the entries without gaps. */
  #squeeze(page: number): void {
    const bytes = this.#bytesOf(page);
    const base = (page & SLAB_MASK) * PAGE_BYTES;
    const halves = this.#halvesOf(page);
    const slots = (base + HEADER_BYTES) >>> 1;
    this.#scratch.set(bytes.subarray(base, base + PAGE_BYTES));
    let top = PAGE_BYTES;
    const count = this.count(page);
    for (let slot = 0; slot < count; slot += 1) {
      const from = this.entry(page, slot);
      // The key length word of an entry already rewritten may lie over a later one: read lengths from the copy.
      const length = this.#scratchEntryBytes(from, this.level(page));
      top -= length;
      copyBytes(bytes, base + top, this.#scratch, from, from + length);
      halves[slots + slot] = top;
    }
    this.setWord(page, 8, top);
    this.setWord(page, 12, 0);
  }

  #scratchEntryBytes(at: number, level: number): number {
    const head = level === 0 ? LEAF_HEAD_BYTES : INNER_HEAD_BYTES;
    const lengthAt = at + head - 4;
    const low = byteAt(this.#scratch, lengthAt) | (byteAt(this.#scratch, lengthAt + 1) << 8);
    return head + storedBytes(low | (byteAt(this.#scratch, lengthAt + 2) << 16));
  }

  #reset(page: number, level: number): void {
    this.setWord(page, 0, level);
    this.setWord(page, 4, 0);
    this.setWord(page, 8, PAGE_BYTES);
    this.setWord(page, 12, 0);
  }

  #extend(): number {
    const page = this.#pageCount;
    assert(page < 2 ** 31, 'too many pages');
    if ((page & SLAB_MASK) === 0) {
      const slab = new ArrayBuffer(PAGE_BYTES << SLAB_SHIFT);
      this.#bytes.push(new Uint8Array(slab));
      this.#halves.push(new Uint16Array(slab));
      this.#words.push(new Uint32Array(slab));
    }
    this.#pageCount += 1;
    return page;
  }

  #bytesOf(page: number): Uint8Array {
    return this.#bytes[page >>> SLAB_SHIFT] ?? EMPTY_BYTES;
  }

  #halvesOf(page: number): Uint16Array {
    return this.#halves[page >>> SLAB_SHIFT] ?? NO_HALVES;
  }
}

/** Bytes that a key takes in a page. */
function storedBytes(keyBytes: number): number {
  return keyBytes > INLINE_KEY_BYTES_MAX ? 4 : (keyBytes + 3) & ~3;
}
