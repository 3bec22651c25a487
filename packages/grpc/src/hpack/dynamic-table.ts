/**
 * The dynamic table of RFC 7541, sections 2.3.2 and 4: a ring of fields, the newest has the lowest index. Adding and evicting move nothing;
 * the ring itself doubles until it holds as many entries as the table can have.
 */

/** What an entry counts beside its octets (RFC 7541, 4.1). */
export const entryOverheadBytes = 32;
/** The size limit of both directions before any SETTINGS (RFC 9113, 6.5.2). */
export const tableBytesInitial = 4_096;
const RING_ENTRIES_MIN = 8;

/** Told of each entry that leaves the table; `id` counts the entries added before it. */
export type OnEvict = (name: string, value: string, id: number) => void;

/** The dynamic table of one direction of a connection. */
export class DynamicTable {
  readonly #onEvict: OnEvict | undefined;
  #names: string[] = [];
  #values: string[] = [];
  /** Entries ever added. Those alive are the last `#entries` of them, at `id & (ring size - 1)`. */
  #added = 0;
  #entries = 0;
  #bytes = 0;
  #bytesMax: number;

  constructor(bytesMax: number, onEvict?: OnEvict) {
    this.#bytesMax = bytesMax;
    this.#onEvict = onEvict;
  }

  /** Number of entries. */
  get entries(): number {
    return this.#entries;
  }

  /** Entries ever added: the id of the next one. */
  get added(): number {
    return this.#added;
  }

  /** Octets of all entries, by the RFC's count. */
  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** The name of an entry; 1 is the newest. The caller checks the range. */
  nameAt(index: number): string {
    return this.#names[(this.#added - index) & (this.#names.length - 1)] ?? '';
  }

  /** The value of an entry; 1 is the newest. The caller checks the range. */
  valueAt(index: number): string {
    return this.#values[(this.#added - index) & (this.#values.length - 1)] ?? '';
  }

  /** Adds an entry. One that is larger than the table empties it and is not kept (RFC 7541, 4.4). */
  add(name: string, value: string): void {
    const bytes = name.length + value.length + entryOverheadBytes;
    this.#evictTo(this.#bytesMax - bytes);
    if (bytes > this.#bytesMax) return;
    if (this.#entries === this.#names.length) this.#growRing();
    const at = this.#added & (this.#names.length - 1);
    this.#names[at] = name;
    this.#values[at] = value;
    this.#added++;
    this.#entries++;
    this.#bytes += bytes;
  }

  /** Changes the size limit and evicts what is over it. */
  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#evictTo(bytesMax);
  }

  #evictTo(bytesMax: number): void {
    while (this.#entries > 0 && this.#bytes > bytesMax) {
      const id = this.#added - this.#entries;
      const at = id & (this.#names.length - 1);
      const name = this.#names[at] ?? '';
      const value = this.#values[at] ?? '';
      this.#names[at] = '';
      this.#values[at] = '';
      this.#entries--;
      this.#bytes -= name.length + value.length + entryOverheadBytes;
      this.#onEvict?.(name, value, id);
    }
  }

  #growRing(): void {
    const size = Math.max(RING_ENTRIES_MIN, this.#names.length * 2);
    const names = new Array<string>(size).fill('');
    const values = new Array<string>(size).fill('');
    for (let index = 1; index <= this.#entries; index++) {
      const at = (this.#added - index) & (size - 1);
      names[at] = this.nameAt(index);
      values[at] = this.valueAt(index);
    }
    this.#names = names;
    this.#values = values;
  }
}
