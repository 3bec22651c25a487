/**
 * Finds fields in both tables by name and value, for an encoder. An id is negative for an entry of the static table (its index, negated), and
 * for a dynamic one the count of entries added before it.
 */
import { staticByName } from './static-table.js';

/** What is known of one name. */
export interface NameEntry {
  /** Lowest static index; 0 for none. */
  readonly staticIndex: number;
  /** Ids by value. */
  readonly ids: Map<string, number>;
  /** Id of the newest dynamic entry with the name; -1 for none. */
  newestId: number;
  /** Dynamic entries with the name. */
  dynamicEntries: number;
}

/** The index of one encoder. Holds names of the static table that were asked for and names in the dynamic table, nothing else. */
export class TableIndex {
  readonly #names = new Map<string, NameEntry>();

  /** What is known of a name; undefined if neither table has it. */
  find(name: string): NameEntry | undefined {
    return this.#names.get(name) ?? this.#fromStatic(name);
  }

  /** The dynamic table took in an entry. */
  added(name: string, value: string, id: number): void {
    let entry = this.find(name);
    if (entry === undefined) {
      entry = { staticIndex: 0, ids: new Map(), newestId: -1, dynamicEntries: 0 };
      this.#names.set(name, entry);
    }
    entry.ids.set(value, id);
    entry.newestId = id;
    entry.dynamicEntries++;
  }

  /** The dynamic table let go of an entry. */
  evicted(name: string, value: string, id: number): void {
    const entry = this.#names.get(name);
    if (entry === undefined) return;
    if (entry.ids.get(value) === id) entry.ids.delete(value);
    if (entry.newestId === id) entry.newestId = -1;
    entry.dynamicEntries--;
    if (entry.dynamicEntries === 0 && entry.staticIndex === 0) this.#names.delete(name);
  }

  #fromStatic(name: string): NameEntry | undefined {
    const known = staticByName.get(name);
    if (known === undefined) return undefined;
    const ids = new Map(Array.from(known.values, ([value, index]) => [value, -index]));
    const entry = { staticIndex: known.index, ids, newestId: -1, dynamicEntries: 0 };
    this.#names.set(name, entry);
    return entry;
  }
}
