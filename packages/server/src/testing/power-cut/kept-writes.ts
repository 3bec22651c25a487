/**
 * What the clients of a power-cut test know: per key what was acknowledged last, and what may have happened since. A write counts as acknowledged when
 * its client had the answer, and from then on, or once a linearizable read has shown it, its loss is a {@link Violation}.
 */

/** A key's state. */
export interface Held {
  readonly text: string;
  readonly revision: number;
  readonly version: number;
}

/** A promise was broken. `lost`: something acknowledged or read is missing or changed; `ended`: a node failed or does not come back. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly kind: 'lost' | 'ended';

  constructor(kind: 'lost' | 'ended', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One write whose outcome is not known: a put's text, or undefined for a delete. */
interface Unknown {
  readonly text: string | undefined;
}

interface KeyState {
  /** Undefined: the key is absent. */
  held: Held | undefined;
  unknown: Unknown | undefined;
}

export interface OldWrite {
  readonly key: string;
  readonly revision: number;
  readonly text: string;
}

/** How many old revisions are remembered for reads of the past. */
const oldWritesMax = 400;

export class KeptWrites {
  acknowledged = 0;
  unknown = 0;
  /** The newest revision that an answer told. */
  newestRevision = 1;
  /** Compaction was acknowledged, or at least asked for, up to here. */
  compacted = 0;
  compactAsked = 0;
  readonly #keys = new Map<string, KeyState>();
  /** Who was told a revision. */
  readonly #owners = new Map<number, string>();
  #old: OldWrite[] = [];

  /** False while the outcome of a write is open. */
  isSettled(key: string): boolean {
    return this.#keys.get(key)?.unknown === undefined;
  }

  held(key: string): Held | undefined {
    return this.#keys.get(key)?.held;
  }

  /** A client sent a write; until its answer it may or may not happen. */
  sent(key: string, text: string | undefined): void {
    this.#state(key).unknown = { text };
  }

  /** The write definitely did not happen. */
  refused(key: string): void {
    this.#state(key).unknown = undefined;
  }

  wasPut(key: string, text: string, result: { readonly revision: number; readonly version: number }): void {
    const { revision, version } = result;
    const before = this.held(key);
    expect(version === (before?.version ?? 0) + 1, `put of ${key} answers version ${version} after ${show(before)}`);
    expect(revision > (before?.revision ?? 1), `put of ${key} answers revision ${revision} after ${show(before)}`);
    this.#own(revision, key);
    this.#acknowledge(key, { text, revision, version });
    this.#remember({ key, revision, text });
  }

  wasDeleted(key: string, result: { readonly revision: number; readonly deleted: number }): void {
    const before = this.held(key);
    const wanted = before === undefined ? 0 : 1;
    expect(result.deleted === wanted, `delete of ${key} answers ${result.deleted} after ${show(before)}`);
    if (wanted === 1) this.#own(result.revision, key);
    this.#acknowledge(key, undefined);
    this.newestRevision = Math.max(this.newestRevision, result.revision);
  }

  /** A linearizable read of a key whose writes are all settled. */
  wasRead(key: string, found: Held | undefined): void {
    const held = this.held(key);
    expect(isSame(held, found), `${key} reads ${show(found)}, acknowledged was ${show(held)}`);
  }

  /** A linearizable read of everything, when no write is under way any more: settles what was open. */
  settle(found: ReadonlyMap<string, Held>, revision: number): void {
    expect(revision >= this.newestRevision, `revision ${revision} after ${this.newestRevision} was answered`);
    this.newestRevision = revision;
    for (const [key, state] of this.#keys) {
      const now = found.get(key);
      if (state.unknown === undefined || isSame(state.held, now)) this.wasRead(key, now);
      else this.#mayHaveBecome(key, state, state.unknown, now);
      state.held = now;
      state.unknown = undefined;
      if (now !== undefined) this.#remember({ key, revision: now.revision, text: now.text });
    }
    for (const key of found.keys()) expect(this.#keys.has(key), `${key} was never written`);
  }

  /** Writes of the past that must still be readable at their revisions. */
  get old(): readonly OldWrite[] {
    return this.#old.filter(({ revision }) => revision >= this.compactAsked);
  }

  #mayHaveBecome(key: string, state: KeyState, { text }: Unknown, now: Held | undefined): void {
    const isNew = text === now?.text && (now === undefined || now.version === (state.held?.version ?? 0) + 1);
    expect(isNew, `${key} reads ${show(now)}; acknowledged was ${show(state.held)}, open was ${text ?? 'a delete'}`);
    if (now !== undefined) this.#own(now.revision, key);
  }

  #own(revision: number, key: string): void {
    const owner = this.#owners.get(revision);
    expect(owner === undefined, `revision ${revision} was acknowledged to ${owner} and now to ${key}: a write is lost`);
    this.#owners.set(revision, key);
  }

  #acknowledge(key: string, held: Held | undefined): void {
    const state = this.#state(key);
    state.held = held;
    state.unknown = undefined;
    this.acknowledged += 1;
    if (held !== undefined) this.newestRevision = Math.max(this.newestRevision, held.revision);
  }

  #remember(write: OldWrite): void {
    this.#old.push(write);
    if (this.#old.length > oldWritesMax) this.#old = this.#old.slice(-oldWritesMax / 2);
  }

  #state(key: string): KeyState {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const state: KeyState = { held: undefined, unknown: undefined };
    this.#keys.set(key, state);
    return state;
  }
}

function isSame(a: Held | undefined, b: Held | undefined): boolean {
  return a?.text === b?.text && a?.revision === b?.revision && a?.version === b?.version;
}

function show(held: Held | undefined): string {
  return held === undefined
    ? 'nothing'
    : `${held.text.slice(0, 24)} (revision ${held.revision}, version ${held.version})`;
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Violation('lost', otherwise);
}
