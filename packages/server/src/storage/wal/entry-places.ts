/** Where the entries of one shard lie in the log: term, segment, offset and size by index, in typed arrays (N12). */
import { assert } from '@kvorum/core/base/assert.js';

const CAPACITY_MIN = 16;

/** More missing entries than this are not made room for. */
const GAP_MAX = 1 << 24;

/** The entries of the window in one segment. */
interface Share {
  count: number;
  bytes: number;
}

/** A dense window of indexes [first, first + count). A place of segment 0 is a hole; holes exist only while a log is replayed. */
export class EntryPlaces {
  #first: number;
  #count = 0;
  #head = 0;
  #terms = new Float64Array(CAPACITY_MIN);
  #segments = new Uint32Array(CAPACITY_MIN);
  #offsets = new Uint32Array(CAPACITY_MIN);
  #sizes = new Uint32Array(CAPACITY_MIN);
  /** What lies in each segment. Copies lie behind newer entries, so the first entry does not tell the oldest segment. */
  readonly #shares = new Map<number, Share>();
  #bytes = 0;

  constructor(first: number) {
    this.#first = first;
  }

  get first(): number {
    return this.#first;
  }

  /** `first - 1` when there is none. */
  get last(): number {
    return this.#first + this.#count - 1;
  }

  get count(): number {
    return this.#count;
  }

  term(index: number): number {
    return this.#terms[this.#slot(index)] ?? 0;
  }

  segment(index: number): number {
    return this.#segments[this.#slot(index)] ?? 0;
  }

  offset(index: number): number {
    return this.#offsets[this.#slot(index)] ?? 0;
  }

  /** Bytes of the record in the log. */
  size(index: number): number {
    return this.#sizes[this.#slot(index)] ?? 0;
  }

  /** The oldest segment that holds an entry; undefined when there is none. */
  get oldestSegment(): number | undefined {
    let oldest: number | undefined;
    for (const segment of this.#shares.keys()) if (oldest === undefined || segment < oldest) oldest = segment;
    return oldest;
  }

  /** Bytes of all records of the window. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries in a segment. */
  countIn(segment: number): number {
    return this.#shares.get(segment)?.count ?? 0;
  }

  /** Bytes of the records in a segment. */
  bytesIn(segment: number): number {
    return this.#shares.get(segment)?.bytes ?? 0;
  }

  /** Sets a place at or after `first`; indexes between `last` and it become holes. False when it is absurdly far away. */
  set(index: number, term: number, segment: number, offset: number, size: number): boolean {
    assert(index >= this.#first, 'an entry before the log start');
    const count = index - this.#first + 1;
    if (count > this.#count + GAP_MAX) return false;
    if (count > this.#count) this.#extend(count);
    const slot = this.#slot(index);
    this.#uncount(index);
    this.#terms[slot] = term;
    this.#segments[slot] = segment;
    this.#offsets[slot] = offset;
    this.#sizes[slot] = size;
    this.#addShare(segment, size);
    return true;
  }

  /** Forgets `index` and all after it. */
  truncateFrom(index: number): void {
    if (index > this.last) return;
    const from = Math.max(index, this.#first);
    for (let at = from; at <= this.last; at++) this.#uncount(at);
    this.#count = from - this.#first;
  }

  /** Forgets all up to `index`; the window then starts after it. */
  dropThrough(index: number): void {
    const dropped = Math.min(this.#count, index + 1 - this.#first);
    for (let at = this.#first; at < this.#first + dropped; at++) this.#uncount(at);
    this.#head += dropped;
    this.#count -= dropped;
    this.#first = index + 1;
    if (this.#count === 0) this.#head = 0;
    if (this.#head > CAPACITY_MIN && this.#head > this.#terms.length / 2) this.#move(this.#count);
  }

  /** Forgets all and starts after `index`. */
  reset(index: number): void {
    this.#shares.clear();
    this.#bytes = 0;
    this.#count = 0;
    this.#head = 0;
    this.#first = index + 1;
  }

  /** The first hole, if any. */
  findHole(): number | undefined {
    for (let index = this.#first; index <= this.last; index++) if (this.segment(index) === 0) return index;
    return undefined;
  }

  #addShare(segment: number, size: number): void {
    const share = this.#shares.get(segment) ?? { count: 0, bytes: 0 };
    share.count += 1;
    share.bytes += size;
    this.#bytes += size;
    this.#shares.set(segment, share);
  }

  /** A hole (segment 0) was never counted. */
  #uncount(index: number): void {
    const segment = this.segment(index);
    const share = this.#shares.get(segment);
    if (share === undefined) return;
    share.count -= 1;
    share.bytes -= this.size(index);
    this.#bytes -= this.size(index);
    if (share.count === 0) this.#shares.delete(segment);
  }

  #slot(index: number): number {
    return this.#head + index - this.#first;
  }

  #extend(count: number): void {
    if (this.#head + count > this.#terms.length) this.#move(count);
    this.#segments.fill(0, this.#head + this.#count, this.#head + count);
    this.#count = count;
  }

  /** To the front of arrays with room for twice `count`. */
  #move(count: number): void {
    const capacity = Math.max(CAPACITY_MIN, count * 2);
    const [from, to] = [this.#head, this.#head + this.#count];
    const moved = {
      terms: new Float64Array(capacity),
      segments: new Uint32Array(capacity),
      offsets: new Uint32Array(capacity),
      sizes: new Uint32Array(capacity),
    };
    moved.terms.set(this.#terms.subarray(from, to));
    moved.segments.set(this.#segments.subarray(from, to));
    moved.offsets.set(this.#offsets.subarray(from, to));
    moved.sizes.set(this.#sizes.subarray(from, to));
    this.#terms = moved.terms;
    this.#segments = moved.segments;
    this.#offsets = moved.offsets;
    this.#sizes = moved.sizes;
    this.#head = 0;
  }
}
