/**
 * Fixed-size pages cut from a few large slabs and named by number: memory for millions of keys that the garbage collector sees as a handful of
 * objects (N12). What a page holds is `key-pages.ts`'s business.
 */
import { assert } from '../base/assert.js';
import { EMPTY_BYTES } from '../base/bytes.js';

/** Bytes of a page. */
export const PAGE_BYTES = 4096;

const PAGE_WORDS = PAGE_BYTES / 4;
const SLAB_SHIFT = 10;
const SLAB_MASK = (1 << SLAB_SHIFT) - 1;
const PAGES_MAX = 2 ** 31;
const NO_WORDS: Uint32Array = new Uint32Array(0);

/** Slabs of 4 MiB. Pages given back are used again; slabs are not given back. */
export class PageSlabs {
  readonly #bytes: Uint8Array[] = [];
  readonly #words: Uint32Array[] = [];
  readonly #free: number[] = [];
  #pageCount = 0;

  /** Pages in use. */
  get pagesInUse(): number {
    return this.#pageCount - this.#free.length;
  }

  /** Bytes of all slabs. */
  get bytesReserved(): number {
    return (this.#bytes.length << SLAB_SHIFT) * PAGE_BYTES;
  }

  /** A page with whatever was in it. */
  allocate(): number {
    return this.#free.pop() ?? this.#extend();
  }

  /** Gives a page back. */
  free(page: number): void {
    this.#free.push(page);
  }

  /** The slab of a page as bytes; the page starts at {@link base}. */
  bytes(page: number): Uint8Array {
    return this.#bytes[page >>> SLAB_SHIFT] ?? EMPTY_BYTES;
  }

  /** The slab of a page as u32 words; the page starts at a quarter of {@link base}. */
  words(page: number): Uint32Array {
    return this.#words[page >>> SLAB_SHIFT] ?? NO_WORDS;
  }

  /** Byte offset of a page in its slab. */
  base(page: number): number {
    return (page & SLAB_MASK) * PAGE_BYTES;
  }

  /** The u32 at a byte offset (a multiple of 4) of the page. */
  wordAt(page: number, offset: number): number {
    return this.words(page)[(page & SLAB_MASK) * PAGE_WORDS + (offset >>> 2)] ?? 0;
  }

  /** Writes the u32 at a byte offset of the page. */
  setWord(page: number, offset: number, value: number): void {
    this.words(page)[(page & SLAB_MASK) * PAGE_WORDS + (offset >>> 2)] = value;
  }

  #extend(): number {
    const page = this.#pageCount;
    assert(page < PAGES_MAX, 'too many pages');
    if ((page & SLAB_MASK) === 0) {
      const slab = new ArrayBuffer(PAGE_BYTES << SLAB_SHIFT);
      this.#bytes.push(new Uint8Array(slab));
      this.#words.push(new Uint32Array(slab));
    }
    this.#pageCount += 1;
    return page;
  }
}
