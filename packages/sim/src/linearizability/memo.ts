// The configurations a search has seen: an open-addressing table over one growing array of 32-bit words. Keys are compared in full, so
// a collision of hashes can't hide a configuration.

const FIRST_SLOTS = 1 << 10;
const FIRST_WORDS = 1 << 13;
/** Words before an entry's key: its hash and the key's length. */
const HEADER = 2;

/** A set of keys, each a list of 32-bit integers. */
export class Memo {
  /** Place of each entry plus 1, or 0 for a free slot. */
  #slots = new Int32Array(FIRST_SLOTS);
  #words = new Int32Array(FIRST_WORDS);
  #used = 0;
  #count = 0;

  /** How many keys are in. */
  get size(): number {
    return this.#count;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.#slots.byteLength + this.#words.byteLength;
  }

  /** Adds the key; `false` when it was in already. */
  add(key: readonly number[], hash: number): boolean {
    const slot = this.#slotFor(key, hash);
    if (this.#slots[slot] !== 0) return false;
    this.#slots[slot] = this.#append(key, hash) + 1;
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) this.#growSlots();
    return true;
  }

  /** The slot that holds the key, or the free one where it belongs. */
  #slotFor(key: readonly number[], hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const place = (this.#slots[slot] ?? 0) - 1;
      if (place < 0 || this.#isAt(place, key, hash)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(place: number, key: readonly number[], hash: number): boolean {
    if (this.#words[place] !== hash || this.#words[place + 1] !== key.length) return false;
    for (let index = 0; index < key.length; index++) {
      if (this.#words[place + HEADER + index] !== key[index]) return false;
    }
    return true;
  }

  #append(key: readonly number[], hash: number): number {
    const place = this.#used;
    this.#used += HEADER + key.length;
    if (this.#used > this.#words.length) {
      const grown = new Int32Array(Math.max(this.#words.length * 2, this.#used));
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[place] = hash;
    this.#words[place + 1] = key.length;
    this.#words.set(key, place + HEADER);
    return place;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (const entry of this.#slots) {
      if (entry === 0) continue;
      let slot = (this.#words[entry - 1] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}
