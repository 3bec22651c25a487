/**
 * The state machine as naively as can be: a map from key to its whole history. What it answers is right by inspection.
 */

export type ModelCommand =
  | { kind: 'put'; key: string; value: string; lease: bigint; ifModRevision?: number; ifAbsent?: boolean }
  | { kind: 'delete'; key: string; rangeEnd?: string; ifModRevision?: number }
  | { kind: 'compact'; revision: number };

export interface ModelVersion {
  readonly main: number;
  /** undefined: a tombstone. */
  readonly value: string | undefined;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

export class Model {
  currentRevision = 1;
  compactRevision = 0;
  readonly #histories = new Map<string, ModelVersion[]>();

  apply(command: ModelCommand): Record<string, unknown> {
    if (command.kind === 'compact') return this.#compact(command.revision);
    if (command.kind === 'delete' && command.rangeEnd !== undefined)
      return this.#deleteKeys(this.keys(command.key, command.rangeEnd));
    const live = this.get(command.key, this.currentRevision);
    const modRevision = live?.main ?? 0;
    const wanted = command.kind === 'put' && command.ifAbsent === true ? 0 : command.ifModRevision;
    if (wanted !== undefined && wanted !== modRevision)
      return { kind: 'conditionFailed', revision: this.currentRevision, modRevision };
    if (command.kind === 'delete') return this.#deleteKeys(live === undefined ? [] : [command.key]);
    this.currentRevision += 1;
    const { value, lease } = command;
    const createRevision = live?.createRevision ?? this.currentRevision;
    const version = (live?.version ?? 0) + 1;
    this.#push(command.key, { main: this.currentRevision, value, createRevision, version, lease });
    return { kind: 'put', revision: this.currentRevision, createRevision, version };
  }

  get(key: string, revision: number): ModelVersion | undefined {
    const version = this.#histories.get(key)?.findLast(({ main }) => main <= revision);
    return version?.value === undefined ? undefined : version;
  }

  /** Live keys in [start, end) at a revision, in order; '\0' as end is open. */
  keys(start: string, end: string, revision = this.currentRevision): string[] {
    const isIn = (key: string): boolean => key >= start && (end === '\0' || key < end);
    return [...this.#histories.keys()].filter((key) => isIn(key) && this.get(key, revision) !== undefined).sort();
  }

  /** Records that are left when physical compaction is through. */
  recordCount(): number {
    let count = 0;
    for (const history of this.#histories.values()) {
      const newest = history.findLast(({ main }) => main <= this.compactRevision);
      if (newest !== undefined && (newest.value !== undefined || newest.main === this.compactRevision)) count += 1;
      count += history.filter(({ main }) => main > this.compactRevision).length;
    }
    return count;
  }

  #deleteKeys(keys: readonly string[]): Record<string, unknown> {
    if (keys.length > 0) this.currentRevision += 1;
    const main = this.currentRevision;
    for (const key of keys) this.#push(key, { main, value: undefined, createRevision: 0, version: 0, lease: 0n });
    return { kind: 'delete', revision: main, deleted: keys.length };
  }

  #compact(revision: number): Record<string, unknown> {
    const { currentRevision, compactRevision } = this;
    if (revision <= compactRevision)
      return { kind: 'failed', reason: 'compacted', revision: currentRevision, compactRevision };
    if (revision > currentRevision)
      return { kind: 'failed', reason: 'futureRevision', revision: currentRevision, compactRevision };
    this.compactRevision = revision;
    return { kind: 'compact', revision: currentRevision, compactRevision: revision };
  }

  #push(key: string, version: ModelVersion): void {
    this.#histories.set(key, [...(this.#histories.get(key) ?? []), version]);
  }
}
