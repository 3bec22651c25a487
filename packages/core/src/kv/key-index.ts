/**
 * The key index: an ordered B+tree in memory over all keys of a shard, tombstones included until compaction removes them.
 * Inner entries hold the number of live keys below, so `count` is no scan.
 *
 * It has ONE position, set by `locate` or `seek` and good until the next insert, removal or lookup. A walk in slices keeps the key
 * it got to and seeks it again.
 *
 * Pages, slots and long keys are in `key-pages.ts`; here is only the tree.
 */
import { assert } from '../base/assert.js';
import { cloneBytes, commonPrefixBytes, EMPTY_BYTES, TWO_POW_32 } from '../base/bytes.js';
import { KeyPages, PAGE_ROOM_BYTES, SEPARATOR_ROOM_BYTES, SLOT_BYTES } from './key-pages.js';

const LEVELS_MAX = 16;
const TOMBSTONE_BIT = 0x8000_0000;

/** A page whose use falls below this is merged with a neighbour if both fit in one. */
const MERGE_BELOW_BYTES = PAGE_ROOM_BYTES / 4;

/** What the index knows of a key: its newest record. One object is filled again and again. */
export class KeyState {
  main = 0;
  sub = 0;
  /** Of the newest incarnation; 0 for a tombstone, as is `version`. */
  createRevision = 0;
  version = 0;
  leaseLow = 0;
  leaseHigh = 0;
  isTombstone = false;
}

/** Ordered map from key to {@link KeyState}. */
export class KeyIndex {
  /** State at the position after `locate` found the key or `load` was called; to be filled by the caller before `insert` and `update`. */
  readonly state = new KeyState();
  readonly #pages = new KeyPages();
  /** Pages and slots from the leaf (0) up to the root. */
  readonly #pathPages = new Uint32Array(LEVELS_MAX);
  readonly #pathSlots = new Uint32Array(LEVELS_MAX);
  #root: number;
  #rootLevel = 0;
  #liveKeys = 0;
  #keys = 0;

  constructor() {
    this.#root = this.#pages.allocate(0);
  }

  /** Keys without tombstones. */
  get liveKeys(): number {
    return this.#liveKeys;
  }

  /** Keys with tombstones. */
  get keys(): number {
    return this.#keys;
  }

  /** Memory taken from the system for pages and long keys. */
  get bytesReserved(): number {
    return this.#pages.bytesReserved;
  }

  /** Pages in use; with the heap's bytes it shows in tests that nothing leaks. */
  get pagesInUse(): number {
    return this.#pages.pagesInUse;
  }

  /** Bytes of long keys in use. */
  get heapBytesInUse(): number {
    return this.#pages.heap.bytesInUse;
  }

  /** Moves to `key[start, end)`. If found, `state` holds it; if not, the position is where `insert` would put it. */
  locate(key: Uint8Array, start = 0, end = key.length): boolean {
    this.#descend(key, start, end);
    if (!this.#pages.isMatch) return false;
    this.load();
    return true;
  }

  /** Moves to the first key ≥ `key`; false when there is none. */
  seek(key: Uint8Array): boolean {
    this.#descend(key, 0, key.length);
    return this.#skipToEntry();
  }

  /** Moves to the next key; false when there is none. */
  next(): boolean {
    this.#pathSlots[0] = this.#slot(0) + 1;
    return this.#skipToEntry();
  }

  /** Reads the state at the position. */
  load(): void {
    const page = this.#page(0);
    const words = this.#pages.words(page);
    const at = this.#pages.entryWord(page, this.#slot(0));
    const mainHigh = words[at + 1] ?? 0;
    const state = this.state;
    state.main = (words[at] ?? 0) + (mainHigh & ~TOMBSTONE_BIT) * TWO_POW_32;
    state.sub = words[at + 2] ?? 0;
    state.createRevision = (words[at + 3] ?? 0) + (words[at + 4] ?? 0) * TWO_POW_32;
    state.version = (words[at + 5] ?? 0) + (words[at + 6] ?? 0) * TWO_POW_32;
    state.leaseLow = words[at + 7] ?? 0;
    state.leaseHigh = words[at + 8] ?? 0;
    state.isTombstone = mainHigh >= TOMBSTONE_BIT;
  }

  /** A copy of the key at the position. */
  copyKey(): Uint8Array {
    return this.#pages.copyKey(this.#page(0), this.#slot(0));
  }

  /** Whether the key at the position is below `end`; no end is above all keys. */
  isBelow(end: Uint8Array | undefined): boolean {
    return end === undefined || this.#pages.isBelow(this.#page(0), this.#slot(0), end);
  }

  /** Writes `state` over the entry at the position. The position stays. */
  update(): void {
    const page = this.#page(0);
    const wasLive = this.#liveBelow(page, this.#slot(0)) === 1;
    this.#store(page, this.#slot(0));
    this.#adjustLive((this.state.isTombstone ? 0 : 1) - (wasLive ? 1 : 0));
  }

  /** Adds `key[start, end)` with `state`. Must follow a `locate` of this key that did not find it. Ends the position. */
  insert(key: Uint8Array, start = 0, end = key.length): void {
    while (!this.#pages.hasRoom(this.#page(0), end - start)) {
      this.#splitForRoom();
      this.#descend(key, start, end);
    }
    const page = this.#page(0);
    this.#pages.insert(page, this.#slot(0), key, start, end, true);
    this.#store(page, this.#slot(0));
    this.#keys += 1;
    if (!this.state.isTombstone) this.#adjustLive(1);
  }

  /** Removes the entry at the position. Ends the position. */
  remove(): void {
    const page = this.#page(0);
    const slot = this.#slot(0);
    const isLive = this.#pages.wordAt(page, this.#pages.entry(page, slot) + 4) < TOMBSTONE_BIT;
    if (isLive) this.#adjustLive(-1);
    this.#pages.remove(page, slot);
    this.#keys -= 1;
    this.#mergeUp();
  }

  /** Live keys in [start, end). Ends the position. */
  count(start: Uint8Array, end: Uint8Array | undefined): number {
    const below = this.#rank(start);
    const upTo = end === undefined ? this.#liveKeys : this.#rank(end);
    return Math.max(0, upTo - below);
  }

  /** Live keys below `key`. */
  #rank(key: Uint8Array): number {
    this.#descend(key, 0, key.length);
    let rank = 0;
    for (let level = 0; level <= this.#rootLevel; level += 1) {
      const page = this.#page(level);
      for (let slot = this.#slot(level) - 1; slot >= 0; slot -= 1) rank += this.#liveBelow(page, slot);
    }
    return rank;
  }

  #liveBelow(page: number, slot: number): number {
    const word = this.#pages.wordAt(page, this.#pages.entry(page, slot) + 4);
    if (this.#pages.level(page) > 0) return word;
    return word < TOMBSTONE_BIT ? 1 : 0;
  }

  #liveInPage(page: number): number {
    let live = 0;
    for (let slot = this.#pages.count(page) - 1; slot >= 0; slot -= 1) live += this.#liveBelow(page, slot);
    return live;
  }

  /** Walks from the root to the leaf where the key is or belongs. */
  #descend(key: Uint8Array, start: number, end: number): void {
    let page = this.#root;
    this.#pages.sharedLow = 0;
    this.#pages.sharedHigh = 0;
    for (let level = this.#rootLevel; level > 0; level -= 1) {
      const bound = this.#pages.search(page, 1, key, start, end);
      const slot = this.#pages.isMatch ? bound : bound - 1;
      this.#pathPages[level] = page;
      this.#pathSlots[level] = slot;
      page = this.#child(page, slot);
    }
    this.#pathPages[0] = page;
    this.#pathSlots[0] = this.#pages.search(page, 0, key, start, end);
  }

  /** From a position that may be past its leaf's last entry to the next entry there is. */
  #skipToEntry(): boolean {
    if (this.#slot(0) < this.#pages.count(this.#page(0))) return true;
    let level = 1;
    while (level <= this.#rootLevel && this.#slot(level) + 1 >= this.#pages.count(this.#page(level))) level += 1;
    if (level > this.#rootLevel) return false;
    this.#pathSlots[level] = this.#slot(level) + 1;
    for (; level > 0; level -= 1) {
      this.#pathPages[level - 1] = this.#child(this.#page(level), this.#slot(level));
      this.#pathSlots[level - 1] = 0;
    }
    return true;
  }

  #adjustLive(difference: number): void {
    if (difference === 0) return;
    this.#liveKeys += difference;
    for (let level = this.#rootLevel; level > 0; level -= 1) {
      const at = this.#pages.entry(this.#page(level), this.#slot(level)) + 4;
      this.#pages.setWord(this.#page(level), at, this.#pages.wordAt(this.#page(level), at) + difference);
    }
  }

  #store(page: number, slot: number): void {
    const { state } = this;
    const words = this.#pages.words(page);
    const at = this.#pages.entryWord(page, slot);
    const mainHigh = (state.main / TWO_POW_32) >>> 0;
    words[at] = state.main >>> 0;
    words[at + 1] = state.isTombstone ? mainHigh + TOMBSTONE_BIT : mainHigh;
    words[at + 2] = state.sub;
    words[at + 3] = state.createRevision >>> 0;
    words[at + 4] = (state.createRevision / TWO_POW_32) >>> 0;
    words[at + 5] = state.version >>> 0;
    words[at + 6] = (state.version / TWO_POW_32) >>> 0;
    words[at + 7] = state.leaseLow;
    words[at + 8] = state.leaseHigh;
  }

  /** One split on the path: the lowest page whose parent has room for another separator. Ends the position. */
  #splitForRoom(): void {
    let level = 0;
    while (
      level < this.#rootLevel &&
      this.#pages.usedBytes(this.#page(level + 1)) + SEPARATOR_ROOM_BYTES > PAGE_ROOM_BYTES
    )
      level += 1;
    if (level === this.#rootLevel) this.#growRoot();
    const page = this.#page(level);
    const at = this.#splitPoint(page, this.#slot(level));
    const right = this.#pages.allocate(level);
    const separator = this.#separator(page, at);
    this.#pages.move(page, at, right);
    if (level > 0) this.#pages.clearKey(right, 0);
    this.#pages.setPrefix(page, commonPrefixBytes(this.#lowerBound(level + 1), separator));
    this.#pages.setPrefix(right, commonPrefixBytes(separator, this.#upperBound(level + 1)));
    const parent = this.#page(level + 1);
    const slot = this.#slot(level + 1);
    this.#pages.setWord(parent, this.#pages.entry(parent, slot) + 4, this.#liveInPage(page));
    const entry = this.#pages.insert(parent, slot + 1, separator, 0, separator.length, false);
    this.#pages.setWord(parent, entry, right);
    this.#pages.setWord(parent, entry + 4, this.#liveInPage(right));
  }

  #growRoot(): void {
    const level = this.#rootLevel + 1;
    assert(level < LEVELS_MAX, 'key index too deep');
    const root = this.#pages.allocate(level);
    const entry = this.#pages.insert(root, 0, EMPTY_BYTES, 0, 0, false);
    this.#pages.setWord(root, entry, this.#root);
    this.#pages.setWord(root, entry + 4, this.#liveKeys);
    this.#root = root;
    this.#rootLevel = level;
    this.#pathPages[level] = root;
    this.#pathSlots[level] = 0;
  }

  /** First slot that moves to the right page. An insert at the end leaves the left page full: keys often arrive in order. */
  #splitPoint(page: number, slot: number): number {
    const count = this.#pages.count(page);
    assert(count >= 2, 'a page of one entry cannot be split');
    if (slot >= (this.#pages.level(page) === 0 ? count : count - 1)) return count - 1;
    const half = this.#pages.usedBytes(page) / 2;
    let used = 0;
    let at = 0;
    while (at < count - 1 && used < half) {
      used += this.#pages.entryBytes(page, at) + SLOT_BYTES;
      at += 1;
    }
    return Math.max(1, at);
  }

  /** Shortest key above the entry before slot `at` and not above the one there. */
  #separator(page: number, at: number): Uint8Array {
    const right = this.#pages.copyKey(page, at);
    if (this.#pages.level(page) > 0) return right;
    const left = this.#pages.copyKey(page, at - 1);
    return cloneBytes(right, 0, commonPrefixBytes(left, right) + 1);
  }

  /** The separator at or before the path's place in `level` or above: no key below that place is lower. */
  #lowerBound(level: number): Uint8Array {
    for (let above = level; above <= this.#rootLevel; above += 1) {
      if (this.#slot(above) > 0) return this.#pages.copyKey(this.#page(above), this.#slot(above));
    }
    return EMPTY_BYTES;
  }

  /** The next separator after the path's place in `level` or above: all keys below that place are lower. */
  #upperBound(level: number): Uint8Array {
    for (let above = level; above <= this.#rootLevel; above += 1) {
      if (this.#slot(above) + 1 < this.#pages.count(this.#page(above)))
        return this.#pages.copyKey(this.#page(above), this.#slot(above) + 1);
    }
    return EMPTY_BYTES;
  }

  /** After a removal: drops empty pages and merges small ones, from the leaf up. */
  #mergeUp(): void {
    for (let level = 0; level < this.#rootLevel; level += 1) {
      const page = this.#page(level);
      if (this.#pages.usedBytes(page) >= MERGE_BELOW_BYTES) break;
      const parent = this.#page(level + 1);
      const slot = this.#slot(level + 1);
      if (this.#pages.count(page) === 0) {
        this.#pages.free(page);
        this.#pages.remove(parent, slot);
        if (slot === 0 && this.#pages.count(parent) > 0) this.#pages.clearKey(parent, 0);
        continue;
      }
      const count = this.#pages.count(parent);
      const isMerged = (slot + 1 < count && this.#merge(parent, slot)) || (slot > 0 && this.#merge(parent, slot - 1));
      if (!isMerged) break;
    }
    this.#shrinkRoot();
  }

  /** Moves the child right of `slot` into the one at `slot` if both fit in one page. */
  #merge(parent: number, slot: number): boolean {
    const left = this.#child(parent, slot);
    const right = this.#child(parent, slot + 1);
    const isInner = this.#pages.level(left) > 0;
    const separatorRoom = isInner ? SEPARATOR_ROOM_BYTES : 0;
    if (this.#pages.usedBytes(left) + this.#pages.usedBytes(right) + separatorRoom > PAGE_ROOM_BYTES) return false;
    const live = this.#liveBelow(parent, slot) + this.#liveBelow(parent, slot + 1);
    if (isInner && this.#pages.count(right) > 0) this.#restoreFirstKey(right, this.#pages.copyKey(parent, slot + 1));
    const prefix = this.#mergedPrefix(left, right);
    this.#pages.move(right, 0, left);
    if (isInner && this.#pages.count(left) > 0) this.#pages.clearKey(left, 0);
    this.#pages.setPrefix(left, prefix);
    this.#pages.free(right);
    this.#pages.remove(parent, slot + 1);
    this.#pages.setWord(parent, this.#pages.entry(parent, slot) + 4, live);
    return true;
  }

  /** What all keys of two neighbours share. */
  #mergedPrefix(left: number, right: number): number {
    const lastOfLeft = this.#pages.count(left) - 1;
    if (lastOfLeft < (this.#pages.level(left) === 0 ? 0 : 1) || this.#pages.count(right) === 0) return 0;
    const across = commonPrefixBytes(this.#pages.copyKey(left, lastOfLeft), this.#pages.copyKey(right, 0));
    return Math.min(across, this.#pages.prefix(left), this.#pages.prefix(right));
  }

  /** Gives the first entry of an inner page, whose key is empty, the key by which its parent knew the page. */
  #restoreFirstKey(page: number, key: Uint8Array): void {
    const first = this.#pages.entry(page, 0);
    const child = this.#pages.wordAt(page, first);
    const live = this.#pages.wordAt(page, first + 4);
    this.#pages.remove(page, 0);
    const entry = this.#pages.insert(page, 0, key, 0, key.length, false);
    this.#pages.setWord(page, entry, child);
    this.#pages.setWord(page, entry + 4, live);
  }

  #shrinkRoot(): void {
    while (this.#rootLevel > 0 && this.#pages.count(this.#root) <= 1) {
      const old = this.#root;
      if (this.#pages.count(old) === 0) {
        this.#pages.setLevel(old, 0);
        this.#rootLevel = 0;
        return;
      }
      this.#root = this.#child(old, 0);
      this.#rootLevel -= 1;
      this.#pages.free(old);
    }
  }

  #child(page: number, slot: number): number {
    return this.#pages.words(page)[this.#pages.entryWord(page, slot)] ?? 0;
  }

  #page(level: number): number {
    return this.#pathPages[level] ?? 0;
  }

  #slot(level: number): number {
    return this.#pathSlots[level] ?? 0;
  }
}
