/**
 * What is in a page of the key index: slots, entries, keys. No object and no typed array per page or key (N12).
 *
 * A page is slotted: a 16-byte header (words: level, entry count, offset of the lowest entry, bytes lost in gaps and prefix length), slots in key
 * order growing up, entries growing down from the end, 4-aligned. Level 0 is a leaf.
 *
 * All keys of a page share its prefix (an inner page's first aside). A slot is a word: the entry's offset in the low half, in the high
 * half the *head*: the two key bytes after the prefix, 0 where the key ends. Most steps of a search look at heads only and so stay in few cache lines.
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
import { byteAt, cloneBytes, copyBytes, EMPTY_BYTES, readU32 } from '../base/bytes.js';
import { KeyHeap } from './key-heap.js';
import { PAGE_BYTES, PageSlabs } from './page-slabs.js';

/** Longest key that lies in the page itself. */
export const INLINE_KEY_BYTES_MAX = 256;

const HEADER_BYTES = 16;
const LEAF_HEAD_BYTES = 40;
const INNER_HEAD_BYTES = 12;
const PREFIX_BYTES_MAX = 0xffff;

/** Bytes of a slot. */
export const SLOT_BYTES = 4;

/** Room that every separator fits in. */
export const SEPARATOR_ROOM_BYTES = INNER_HEAD_BYTES + INLINE_KEY_BYTES_MAX + SLOT_BYTES;

/** Bytes a page has for entries and their slots. */
export const PAGE_ROOM_BYTES = PAGE_BYTES - HEADER_BYTES;

/** The page store. `page` and `slot` arguments are trusted: only the index calls this. */
export class KeyPages {
  readonly heap = new KeyHeap();
  /** Whether the last `search` found the key itself. */
  isMatch = false;
  /** Bytes that the key of a search shares with the nearest keys known below and above it; `search` starts from and refines them. */
  sharedLow = 0;
  sharedHigh = 0;
  readonly #slabs = new PageSlabs();
  /** One page, to rewrite another without gaps. */
  readonly #scratch = new Uint8Array(PAGE_BYTES);
  /** Where the key lies that was last looked for by slot. */
  #keyBytes: Uint8Array = EMPTY_BYTES;
  #keyStart = 0;
  #keyEnd = 0;

  /** Pages in use. */
  get pagesInUse(): number {
    return this.#slabs.pagesInUse;
  }

  /** Bytes allocated for pages and long keys. */
  get bytesReserved(): number {
    return this.#slabs.bytesReserved + this.heap.bytesReserved;
  }

  /** A new empty page. */
  allocate(level: number): number {
    const page = this.#slabs.allocate();
    this.#reset(page, level);
    return page;
  }

  /** Gives a page back; its entries must be gone or moved. */
  free(page: number): void {
    this.#slabs.free(page);
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
    return PAGE_BYTES - this.wordAt(page, 8) - this.#gap(page) + SLOT_BYTES * this.count(page);
  }

  /** Where an entry starts; for {@link wordAt} and {@link setWord}. */
  entry(page: number, slot: number): number {
    return this.wordAt(page, HEADER_BYTES + SLOT_BYTES * slot) & 0xffff;
  }

  /** The slab words in which a page lies; {@link entryWord} points into it. */
  words(page: number): Uint32Array {
    return this.#slabs.words(page);
  }

  /** Where an entry starts, as index into {@link words}. */
  entryWord(page: number, slot: number): number {
    const base = this.#slabs.base(page) >>> 2;
    return base + (((this.#slabs.words(page)[base + HEADER_BYTES / 4 + slot] ?? 0) & 0xffff) >>> 2);
  }

  /** The u32 at a byte offset of the page. */
  wordAt(page: number, offset: number): number {
    return this.#slabs.wordAt(page, offset);
  }

  setWord(page: number, offset: number, value: number): void {
    this.#slabs.setWord(page, offset, value);
  }

  /**
   * Lower bound: the first slot ≥ `first` whose key is ≥ `key[start, end)`; `isMatch` tells whether it is equal. `sharedLow` and `sharedHigh` must hold
   * what the key shares with the page's bounds: 0, or what the search in its parent left there.
   */
  search(page: number, first: number, key: Uint8Array, start: number, end: number): number {
    const bytes = this.#slabs.bytes(page);
    const words = this.#slabs.words(page);
    const base = this.#slabs.base(page);
    const slots = (base + HEADER_BYTES) >>> 2;
    const head = words[base >>> 2] === 0 ? LEAF_HEAD_BYTES : INNER_HEAD_BYTES;
    const keyBytes = end - start;
    let low = first;
    let high = words[(base >>> 2) + 1] ?? 0;
    // What both bounds share with the key needs no second look: keys between them share it too.
    let sharedLow = this.sharedLow;
    let sharedHigh = this.sharedHigh;
    const prefix = (words[(base >>> 2) + 3] ?? 0) >>> 16;
    const isPrefixShared = sharedLow >= prefix && sharedHigh >= prefix;
    const wanted = isPrefixShared ? headOf(key, start + prefix, end) : 0;
    this.isMatch = false;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = words[slots + middle] ?? 0;
      if (isPrefixShared && slot >>> 16 !== wanted) {
        const shared = (slot >>> 24 === wanted >>> 8 ? 1 : 0) + prefix;
        if (wanted > slot >>> 16) {
          low = middle + 1;
          sharedLow = shared;
        } else {
          high = middle;
          sharedHigh = shared;
        }
        continue;
      }
      let otherAt = base + (slot & 0xffff) + head;
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
        this.sharedLow = keyBytes;
        this.sharedHigh = sharedHigh;
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
    this.sharedLow = sharedLow;
    this.sharedHigh = sharedHigh;
    return low;
  }

  prefix(page: number): number {
    return this.wordAt(page, 12) >>> 16;
  }

  /** Sets the length of the prefix that all keys of the page share, and all heads. */
  setPrefix(page: number, prefix: number): void {
    const length = Math.min(prefix, PREFIX_BYTES_MAX);
    this.setWord(page, 12, length * 0x1_0000 + this.#gap(page));
    const count = this.count(page);
    for (let slot = 0; slot < count; slot += 1) {
      this.#findKey(page, slot);
      const from = Math.min(this.#keyStart + length, this.#keyEnd);
      const head = headOf(this.#keyBytes, from, this.#keyEnd);
      this.setWord(page, HEADER_BYTES + SLOT_BYTES * slot, head * 0x1_0000 + this.entry(page, slot));
    }
  }

  /** A copy of an entry's key. */
  copyKey(page: number, slot: number): Uint8Array {
    this.#findKey(page, slot);
    return cloneBytes(this.#keyBytes, this.#keyStart, this.#keyEnd);
  }

  /** Whether an entry's key is below `key`. */
  isBelow(page: number, slot: number, key: Uint8Array): boolean {
    this.#findKey(page, slot);
    const length = this.#keyEnd - this.#keyStart;
    const shared = Math.min(length, key.length);
    for (let index = 0; index < shared; index += 1) {
      const difference = byteAt(this.#keyBytes, this.#keyStart + index) - byteAt(key, index);
      if (difference !== 0) return difference < 0;
    }
    return length < key.length;
  }

  /** Whether an entry with a key of `keyBytes` fits, gaps counted. */
  hasRoom(page: number, keyBytes: number): boolean {
    return this.usedBytes(page) + this.#headBytes(page) + storedBytes(keyBytes) + SLOT_BYTES <= PAGE_ROOM_BYTES;
  }

  /** Makes an entry at `slot`, which must fit; head words but the key length are the caller's to write. `isSearched`: the last
   * `search` was for this key in this page. Returns where it starts. */
  insert(page: number, slot: number, key: Uint8Array, start: number, end: number, isSearched: boolean): number {
    const isFit = isSearched && this.sharedLow >= this.prefix(page) && this.sharedHigh >= this.prefix(page);
    if (!isFit) this.#fitPrefix(page, key, start, end);
    const head = this.#headBytes(page);
    const length = end - start;
    const at = this.#makeEntry(page, slot, head + storedBytes(length));
    const keyHead = headOf(key, Math.min(start + this.prefix(page), end), end);
    this.setWord(page, HEADER_BYTES + SLOT_BYTES * slot, keyHead * 0x1_0000 + at);
    this.setWord(page, at + head - 4, length);
    if (length > INLINE_KEY_BYTES_MAX) this.setWord(page, at + head, this.heap.store(key, start, end));
    else copyBytes(this.#slabs.bytes(page), this.#slabs.base(page) + at + head, key, start, end);
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
    this.setWord(page, 12, this.wordAt(page, 12) + storedBytes(length)); // Gaps are the low half.
  }

  /** Moves the entries from slot `from` on to the end of `target`, a page of the same level with room for them. `setPrefix` must follow. */
  move(page: number, from: number, target: number): void {
    const count = this.count(page);
    const source = this.#slabs.bytes(page);
    const sourceBase = this.#slabs.base(page);
    for (let slot = from; slot < count; slot += 1) {
      const at = sourceBase + this.entry(page, slot);
      const length = this.entryBytes(page, slot);
      const to = this.#makeEntry(target, this.count(target), length);
      copyBytes(this.#slabs.bytes(target), this.#slabs.base(target) + to, source, at, at + length);
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
    if (this.wordAt(page, 8) - length < HEADER_BYTES + SLOT_BYTES * (count + 1)) this.#squeeze(page);
    const at = this.wordAt(page, 8) - length;
    assert(at >= HEADER_BYTES + SLOT_BYTES * (count + 1), 'page has no room for the entry');
    const words = this.#slabs.words(page);
    const slots = (this.#slabs.base(page) + HEADER_BYTES) >>> 2;
    words.copyWithin(slots + slot + 1, slots + slot, slots + count);
    words[slots + slot] = at;
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
    let gap = this.wordAt(page, 12); // Its low half; the prefix in the high half stays.
    for (let index = slot; index < slot + dropped; index += 1) gap += this.entryBytes(page, index);
    const words = this.#slabs.words(page);
    const slots = (this.#slabs.base(page) + HEADER_BYTES) >>> 2;
    words.copyWithin(slots + slot, slots + slot + dropped, slots + count);
    this.setWord(page, 4, count - dropped);
    this.setWord(page, 12, gap);
  }

  /** Rewrites the entries without gaps. */
  #squeeze(page: number): void {
    const bytes = this.#slabs.bytes(page);
    const base = this.#slabs.base(page);
    const words = this.#slabs.words(page);
    const slots = (base + HEADER_BYTES) >>> 2;
    this.#scratch.set(bytes.subarray(base, base + PAGE_BYTES));
    const head = this.#headBytes(page);
    let top = PAGE_BYTES;
    const count = this.count(page);
    for (let slot = 0; slot < count; slot += 1) {
      const from = this.entry(page, slot);
      // The key length word of an entry already rewritten may lie over a later one: read lengths from the copy.
      const length = head + storedBytes(readU32(this.#scratch, from + head - 4));
      top -= length;
      copyBytes(bytes, base + top, this.#scratch, from, from + length);
      words[slots + slot] = (words[slots + slot] ?? 0) - from + top;
    }
    this.setWord(page, 8, top);
    this.setWord(page, 12, this.prefix(page) * 0x1_0000);
  }

  #reset(page: number, level: number): void {
    this.setWord(page, 0, level);
    this.setWord(page, 4, 0);
    this.setWord(page, 8, PAGE_BYTES);
    this.setWord(page, 12, 0);
  }

  #gap(page: number): number {
    return this.wordAt(page, 12) & 0xffff;
  }

  /** Shortens the page's prefix to what it shares with a key that is to come in. */
  #fitPrefix(page: number, key: Uint8Array, start: number, end: number): void {
    const prefix = this.prefix(page);
    const last = this.count(page) - 1;
    if (prefix === 0 || last < (this.level(page) === 0 ? 0 : 1)) return;
    this.#findKey(page, last);
    let shared = 0;
    while (
      shared < prefix &&
      start + shared < end &&
      byteAt(key, start + shared) === byteAt(this.#keyBytes, this.#keyStart + shared)
    )
      shared += 1;
    if (shared < prefix) this.setPrefix(page, shared);
  }

  /** Points `#keyBytes`, `#keyStart`, `#keyEnd` at an entry's key. */
  #findKey(page: number, slot: number): void {
    const at = this.entry(page, slot) + this.#headBytes(page);
    const length = this.wordAt(page, at - 4);
    if (length > INLINE_KEY_BYTES_MAX) {
      const handle = this.wordAt(page, at);
      this.#keyBytes = this.heap.bytes(handle);
      this.#keyStart = this.heap.offset(handle);
    } else {
      this.#keyBytes = this.#slabs.bytes(page);
      this.#keyStart = this.#slabs.base(page) + at;
    }
    this.#keyEnd = this.#keyStart + length;
  }
}

/** Two bytes of a key from `at` on, 0 for what is past its end. */
function headOf(key: Uint8Array, at: number, end: number): number {
  if (at + 1 < end) return ((key[at] ?? 0) << 8) | (key[at + 1] ?? 0);
  return at < end ? (key[at] ?? 0) << 8 : 0;
}

/** Bytes that a key takes in a page. */
function storedBytes(keyBytes: number): number {
  return keyBytes > INLINE_KEY_BYTES_MAX ? 4 : (keyBytes + 3) & ~3;
}
