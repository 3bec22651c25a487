/** A byte string that grows at its end. Writers put bytes at `length` themselves; that is what makes it fast. */

/** Smallest memory a sink grows to. */
const SINK_BYTES_MIN = 512;

/**
 * Invariant: `length <= bytes.length`. A writer calls `reserve(n)`, then reads `bytes` (it may have been replaced), writes at most n bytes from
 * `length` on and raises `length`.
 */
export class ByteSink {
  bytes: Uint8Array;
  length = 0;

  constructor(bytes: Uint8Array = new Uint8Array(SINK_BYTES_MIN)) {
    this.bytes = bytes;
  }

  /** Makes room for `byteCount` bytes behind `length`. */
  reserve(byteCount: number): void {
    const wanted = this.length + byteCount;
    if (wanted <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, this.bytes.length * 2, SINK_BYTES_MIN));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was written so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
