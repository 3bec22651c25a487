/**
 * Keys too long for a page of the index, in chunks of equal blocks by size class. A freed block is used again by its class; chunks are not given back.
 */
import { assert } from '../base/assert.js';
import { EMPTY_BYTES, readU32, writeU32 } from '../base/bytes.js';

const CHUNK_BYTES = 1 << 20;
const SLOT_BITS = 12;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const NO_BLOCK = 0xffff_ffff;

/** Two classes per power of two, so at most a third of a block is unused. The last takes a 64 KiB key and a separator one byte longer. */
const CLASS_BYTES: readonly number[] = [
  384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 24_576, 32_768, 49_152, 65_552,
];

/** Allocator of long keys; a key is named by a 32-bit handle. */
export class KeyHeap {
  readonly #chunks: Uint8Array[] = [];
  readonly #chunkClass: number[] = [];
  /** First free block per class; a free block's first four bytes name the next. */
  readonly #freeHead: number[] = CLASS_BYTES.map(() => NO_BLOCK);
  #bytesInUse = 0;

  /** Bytes in blocks that are in use, block rounding included. */
  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /** Bytes allocated from the system. */
  get bytesReserved(): number {
    return this.#chunks.length * CHUNK_BYTES;
  }

  /** Stores a copy of `key[start, end)` and returns its handle. */
  store(key: Uint8Array, start: number, end: number): number {
    const sizeClass = CLASS_BYTES.findIndex((bytes) => bytes >= end - start);
    assert(sizeClass >= 0, 'key too long for the heap');
    let handle = this.#freeHead[sizeClass] ?? NO_BLOCK;
    if (handle === NO_BLOCK) handle = this.#grow(sizeClass);
    this.#freeHead[sizeClass] = readU32(this.bytes(handle), this.offset(handle));
    this.bytes(handle).set(key.subarray(start, end), this.offset(handle));
    this.#bytesInUse += CLASS_BYTES[sizeClass] ?? 0;
    return handle;
  }

  /** Gives a block back. */
  free(handle: number): void {
    const sizeClass = this.#chunkClass[handle >>> SLOT_BITS] ?? 0;
    writeU32(this.bytes(handle), this.offset(handle), this.#freeHead[sizeClass] ?? NO_BLOCK);
    this.#freeHead[sizeClass] = handle;
    this.#bytesInUse -= CLASS_BYTES[sizeClass] ?? 0;
  }

  /** The chunk that holds `handle`'s key, at {@link offset}. */
  bytes(handle: number): Uint8Array {
    return this.#chunks[handle >>> SLOT_BITS] ?? EMPTY_BYTES;
  }

  /** Where in {@link bytes} the key starts. */
  offset(handle: number): number {
    const sizeClass = this.#chunkClass[handle >>> SLOT_BITS] ?? 0;
    return (handle & SLOT_MASK) * (CLASS_BYTES[sizeClass] ?? 0);
  }

  /** Adds a chunk and puts its blocks on the free list; returns the first. */
  #grow(sizeClass: number): number {
    const blockBytes = CLASS_BYTES[sizeClass] ?? CHUNK_BYTES;
    const chunk = this.#chunks.length;
    assert(chunk < 1 << (32 - SLOT_BITS), 'key heap is full');
    const bytes = new Uint8Array(CHUNK_BYTES);
    this.#chunks.push(bytes);
    this.#chunkClass.push(sizeClass);
    const first = (chunk << SLOT_BITS) >>> 0;
    const blocks = Math.floor(CHUNK_BYTES / blockBytes);
    for (let slot = 0; slot < blocks; slot += 1) {
      writeU32(bytes, slot * blockBytes, slot + 1 < blocks ? first + slot + 1 : NO_BLOCK);
    }
    return first;
  }
}
