// Linearizability of one shard's history with the revision as witness, for histories of a million operations. Every acknowledged write
// carries a revision of its own, and every read the revision it was made at; so there is only one order to check:
// 1. Revisions follow real time: who begins after another ended has a higher revision, a read at least an equal one.
// 2. Replayed by revision, every condition held.
// 3. Every read tells exactly the state at its revision.
// 4. A write that nobody knows the outcome of is placed where a read shows it, after its call; else it did not happen.
// Time is O(n log n) plus the rows of the reads; a read by prefix looks at all keys.

/** A row as a read tells it. */
export interface WitnessedRow {
  readonly key: string;
  readonly value: string;
  readonly modRevision: number;
}

interface Timed {
  readonly process: string;
  readonly call: number;
  /** `Infinity` when no answer came. */
  readonly return: number;
}

/** A put, or a delete that found its key; writes that were refused or deleted nothing are left out. */
export interface WitnessedWrite extends Timed {
  readonly kind: 'write';
  readonly key: string;
  /** Undefined for a delete. */
  readonly value: string | undefined;
  /** The modRevision the key had to have, 0 for a key that had to be absent; undefined without a condition. */
  readonly ifRevision?: number | undefined;
  /** Undefined when nobody knows whether it happened. */
  readonly revision: number | undefined;
}

/** A read that was answered. */
export interface WitnessedRead extends Timed {
  readonly kind: 'read';
  readonly asked: { readonly keys: readonly string[] } | { readonly prefix: string };
  readonly rows: readonly WitnessedRow[];
  /** The revision the rows are of. */
  readonly revision: number;
  /** False for reads of an old revision and serializable ones: they owe nothing to real time, only to the state at their revision. */
  readonly isLinearizable: boolean;
}

/** One operation of the history. */
export type WitnessedOperation = WitnessedWrite | WitnessedRead;

/** What is wrong. */
export interface WitnessViolation {
  readonly rule: 'real time' | 'unique revision' | 'condition' | 'state' | 'unknown value';
  readonly operation: WitnessedOperation;
  readonly message: string;
}

/** A write with its place. */
interface PlacedWrite {
  readonly write: WitnessedWrite;
  readonly revision: number;
}

/** What a key holds while the history is replayed. */
interface Cell {
  readonly value: string | undefined;
  readonly modRevision: number;
  /** Set once a read found the key gone although no known write removed it. */
  isGoneSilently: boolean;
}

class WitnessError extends Error {
  readonly violation: WitnessViolation;

  constructor(rule: WitnessViolation['rule'], operation: WitnessedOperation, message: string) {
    super(message);
    this.violation = { rule, operation, message };
  }
}

/** Of each operation the highest revision that was acknowledged before its call. */
function lowerBounds(operations: readonly WitnessedOperation[]): Map<WitnessedOperation, number> {
  const calls = [...operations].sort((a, b) => a.call - b.call);
  const returns = operations.filter(isBinding).sort((a, b) => a.return - b.return);
  const bounds = new Map<WitnessedOperation, number>();
  let done = 0;
  let highest = 0;
  for (const operation of calls) {
    for (let next = returns[done]; next !== undefined && next.return < operation.call; next = returns[done]) {
      highest = Math.max(highest, next.revision ?? 0);
      done += 1;
    }
    bounds.set(operation, highest);
  }
  return bounds;
}

function isBinding(operation: WitnessedOperation): boolean {
  const isKnown = operation.kind === 'write' ? operation.revision !== undefined : operation.isLinearizable;
  return isKnown && operation.return !== Infinity;
}

class Replay {
  readonly #bounds: ReadonlyMap<WitnessedOperation, number>;
  readonly #reads: readonly WitnessedRead[];
  readonly #writes: readonly PlacedWrite[];
  /** Deletes of unknown outcome by key. */
  readonly #openDeletes = new Map<string, WitnessedWrite[]>();
  readonly #cells = new Map<string, Cell>();
  readonly #taken = new Set<number>();

  constructor(operations: readonly WitnessedOperation[]) {
    this.#bounds = lowerBounds(operations);
    this.#reads = operations
      .flatMap((one) => (one.kind === 'read' ? [one] : []))
      .sort((a, b) => a.revision - b.revision);
    const writes = operations.flatMap((one) => (one.kind === 'write' ? [one] : []));
    for (const write of writes) {
      if (write.revision === undefined && write.value === undefined) {
        this.#openDeletes.set(write.key, [...(this.#openDeletes.get(write.key) ?? []), write]);
      }
    }
    this.#writes = [...knownWrites(writes), ...this.#placeUnknown(writes)].sort((a, b) => a.revision - b.revision);
  }

  run(): void {
    this.#checkRealTime();
    let done = 0;
    for (const read of this.#reads) {
      for (
        let next = this.#writes[done];
        next !== undefined && next.revision <= read.revision;
        next = this.#writes[done]
      ) {
        this.#apply(next);
        done += 1;
      }
      this.#checkRead(read);
    }
    for (const write of this.#writes.slice(done)) this.#apply(write);
  }

  /** Finds among the writes of unknown outcome those that reads show. */
  #placeUnknown(writes: readonly WitnessedWrite[]): PlacedWrite[] {
    const known = new Set(writes.flatMap(({ revision }) => revision ?? []));
    const open = new Map<string, WitnessedWrite[]>();
    for (const write of writes) {
      if (write.revision !== undefined || write.value === undefined) continue;
      const identity = JSON.stringify([write.key, write.value]);
      open.set(identity, [...(open.get(identity) ?? []), write]);
    }
    const placed = new Map<number, PlacedWrite>();
    for (const read of this.#reads) {
      for (const { key, value, modRevision } of read.rows) {
        if (known.has(modRevision) || placed.has(modRevision)) continue;
        const candidates = open.get(JSON.stringify([key, value])) ?? [];
        const at = candidates.findIndex((write) => write.call <= read.return && this.#boundOf(write) < modRevision);
        const [write] = at < 0 ? [] : candidates.splice(at, 1);
        if (write === undefined) {
          const message = `nobody wrote ${key} = ${value} at revision ${modRevision}`;
          throw new WitnessError('unknown value', read, message);
        }
        placed.set(modRevision, { write, revision: modRevision });
      }
    }
    return [...placed.values()];
  }

  #checkRealTime(): void {
    const check = (operation: WitnessedOperation, revision: number, least: number): void => {
      if (revision >= least) return;
      throw new WitnessError(
        'real time',
        operation,
        `it has revision ${revision}, but ${least - 1} or more was known before its call`,
      );
    };
    for (const { write, revision } of this.#writes) check(write, revision, this.#boundOf(write) + 1);
    for (const read of this.#reads) {
      if (!read.isLinearizable) continue;
      const bound = this.#boundOf(read);
      if (read.revision >= bound) continue;
      throw new WitnessError(
        'real time',
        read,
        `it read at revision ${read.revision}, but ${bound} was known before its call`,
      );
    }
  }

  #apply({ write, revision }: PlacedWrite): void {
    const { key, value, ifRevision } = write;
    if (this.#taken.has(revision))
      throw new WitnessError('unique revision', write, `revision ${revision} was given twice`);
    this.#taken.add(revision);
    const cell = this.#cells.get(key);
    const before = cell?.value === undefined ? 0 : cell.modRevision;
    const isMet =
      ifRevision === undefined || ifRevision === before || (ifRevision === 0 && this.#canBeGone(key, cell, revision));
    if (!isMet) {
      throw new WitnessError(
        'condition',
        write,
        `it asked for ${key} at ${ifRevision}, which was at ${before} when it got ${revision}`,
      );
    }
    this.#cells.set(key, { value, modRevision: revision, isGoneSilently: false });
  }

  #checkRead(read: WitnessedRead): void {
    const rows = new Map(read.rows.map((row) => [row.key, row]));
    const asked = 'keys' in read.asked ? new Set(read.asked.keys) : this.#keysWith(read.asked.prefix, rows);
    for (const key of rows.keys()) {
      if (!asked.has(key)) throw new WitnessError('state', read, `it was not asked for ${key}`);
    }
    for (const key of asked) this.#checkRow(read, key, rows.get(key));
  }

  #keysWith(prefix: string, rows: ReadonlyMap<string, WitnessedRow>): ReadonlySet<string> {
    return new Set([...this.#cells.keys(), ...rows.keys()].filter((key) => key.startsWith(prefix)));
  }

  #checkRow(read: WitnessedRead, key: string, row: WitnessedRow | undefined): void {
    const cell = this.#cells.get(key);
    if (row === undefined) {
      if (cell?.value === undefined || this.#canBeGone(key, cell, read.revision)) return;
      throw new WitnessError('state', read, `${key} is missing, it was written at ${cell.modRevision}`);
    }
    const isSame = cell?.value === row.value && cell.modRevision === row.modRevision && !cell.isGoneSilently;
    if (isSame) return;
    const held = cell?.value === undefined ? 'no value' : `${cell.value} of ${cell.modRevision}`;
    throw new WitnessError(
      'state',
      read,
      `${key} is ${row.value} of ${row.modRevision}, it held ${held} at ${read.revision}`,
    );
  }

  /** Whether a delete of unknown outcome may have removed the key by `revision`; it then has. */
  #canBeGone(key: string, cell: Cell | undefined, revision: number): boolean {
    if (cell?.value === undefined || cell.isGoneSilently) return true;
    const deletes = this.#openDeletes.get(key) ?? [];
    const at = deletes.findIndex((write) => this.#boundOf(write) < revision);
    if (at < 0) return false;
    deletes.splice(at, 1);
    cell.isGoneSilently = true;
    return true;
  }

  #boundOf(operation: WitnessedOperation): number {
    return this.#bounds.get(operation) ?? 0;
  }
}

function knownWrites(writes: readonly WitnessedWrite[]): PlacedWrite[] {
  return writes.flatMap((write) => (write.revision === undefined ? [] : [{ write, revision: write.revision }]));
}

/** Checks a shard's history; returns the first violation found, or undefined. */
export function checkRevisions(operations: readonly WitnessedOperation[]): WitnessViolation | undefined {
  try {
    new Replay(operations).run();
    return undefined;
  } catch (error) {
    if (error instanceof WitnessError) return error.violation;
    throw error;
  }
}
