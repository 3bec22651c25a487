/**
 * The sessions of a shard: what makes a write that is sent again happen once (architecture 14, R20; Raft thesis 6.3).
 *
 * Changed by apply only, so equal on all replicas at equal applied index. Every session is one row of a side table; which rows the store lacks is known
 * here, and a flush takes exactly those (R9). An outcome is forgotten only when its session's owner says that it knows it, or when the session ends:
 * never to make room.
 */
import { assert } from '../base/assert.js';
import { isMutated } from '../base/mutation.js';
import type { Hash64 } from './meta.js';
import type { SessionRefusal, WriteOutcome } from './outcome.js';
import { BATCH_COMMANDS_MAX } from './entry-codec.js';
import { decodeSession, encodeSession, SESSION_WINDOW, type SessionState } from './session-codec.js';
import { SIDE_ROW_MAIN } from './side-row.js';
import type { ContentHash } from './state-hash.js';

/** Ids of the sessions opened by one entry: its index times this, and the command's number. */
const IDS_PER_ENTRY = 1_024;

/** Places of rows. Only a bound of the format: `sessionsMax` of the opening command is far below. */
const PLACES_MAX = 1 << 24;

interface Session extends SessionState {
  readonly place: number;
}

/** One row to put, or to remove. */
export interface SessionRow {
  readonly place: number;
  /** Undefined: there is none any more. */
  readonly row: Uint8Array | undefined;
}

/** What to do with a stamped write. */
export type WriteVerdict =
  | { readonly kind: 'execute' }
  | { readonly kind: 'repeat'; readonly outcome: WriteOutcome }
  | { readonly kind: 'refuse'; readonly reason: SessionRefusal };

const EXECUTE: WriteVerdict = { kind: 'execute' };

/** All sessions of a shard. */
export class Sessions {
  readonly #content: ContentHash;
  readonly #byId = new Map<number, Session>();
  readonly #byPlace: (Session | undefined)[] = [];
  /** Hashes of the rows as the content hash holds them, by place. */
  readonly #hashes = new Map<number, Hash64>();
  /** Places that changed since their row was hashed. */
  readonly #unhashed = new Set<number>();
  /** Rows that changed since the last cut. */
  #unflushed = new Map<number, Uint8Array | undefined>();

  constructor(content: ContentHash) {
    this.#content = content;
  }

  /** Sessions that are open. */
  get size(): number {
    return this.#byId.size;
  }

  /** Takes the row of a store or snapshot. False when it is none, or contradicts the rows before. */
  restore(place: number, row: Uint8Array): boolean {
    const state = decodeSession(row);
    if (state === undefined || place >= PLACES_MAX || this.#byId.has(state.id)) return false;
    const hash = this.#content.replace(SIDE_ROW_MAIN, place, undefined, row);
    if (hash !== undefined) this.#hashes.set(place, hash);
    if (isMutated('sessionTableMissingFromSnapshot')) return true;
    this.#add({ ...state, place });
    return true;
  }

  /** Opens a session for the command number `commandIndex` of the entry `index`; undefined when `sessionsMax` are open. */
  open(index: number, commandIndex: number, nowMs: number, sessionsMax: number): number | undefined {
    assert(BATCH_COMMANDS_MAX <= IDS_PER_ENTRY, 'an id for each command of an entry');
    if (this.#byId.size >= sessionsMax || this.#byId.size >= PLACES_MAX) return undefined;
    const id = index * IDS_PER_ENTRY + commandIndex;
    const free = this.#byPlace.indexOf(undefined);
    const place = free < 0 ? this.#byPlace.length : free;
    this.#add({ id, place, firstUnacknowledged: 1, usedAtMs: nowMs, outcomes: new Map() });
    this.#unhashed.add(place);
    return id;
  }

  /** A sign of life; false when the session is gone. */
  keep(id: number, nowMs: number): boolean {
    const session = this.#byId.get(id);
    if (session === undefined) return false;
    session.usedAtMs = nowMs;
    this.#unhashed.add(session.place);
    return true;
  }

  /** Ends a session; false when it is gone already. */
  close(id: number): boolean {
    const session = this.#byId.get(id);
    if (session === undefined) return false;
    this.#byId.delete(id);
    this.#byPlace[session.place] = undefined;
    while (this.#byPlace.length > 0 && this.#byPlace.at(-1) === undefined) this.#byPlace.pop();
    this.#unhashed.add(session.place);
    return true;
  }

  /** Ends the sessions that were not used for `idleMs`; returns how many. */
  expire(idleMs: number, nowMs: number): number {
    const idle = [...this.#byId.values()].filter(({ usedAtMs }) => usedAtMs + idleMs <= nowMs);
    for (const { id } of idle) this.close(id);
    return idle.length;
  }

  /** Whether {@link expire} would end one. */
  hasIdle(idleMs: number, nowMs: number): boolean {
    for (const { usedAtMs } of this.#byId.values()) if (usedAtMs + idleMs <= nowMs) return true;
    return false;
  }

  /** Looks a stamped write up. Whatever comes of it, the outcomes that its owner knows are forgotten. */
  begin(id: number, sequence: number, firstUnacknowledged: number, nowMs: number): WriteVerdict {
    const session = this.#byId.get(id);
    if (session === undefined) return { kind: 'refuse', reason: 'sessionExpired' };
    session.usedAtMs = nowMs;
    this.#unhashed.add(session.place);
    acknowledge(session, firstUnacknowledged);
    const known = session.outcomes.get(sequence);
    if (known !== undefined && !isMutated('duplicateApplied')) return { kind: 'repeat', outcome: known };
    if (sequence < session.firstUnacknowledged) return { kind: 'refuse', reason: 'sequenceAcknowledged' };
    if (sequence >= session.firstUnacknowledged + SESSION_WINDOW)
      return { kind: 'refuse', reason: 'sequenceBeyondWindow' };
    return EXECUTE;
  }

  /** A write that {@link begin} let through came to `outcome`. */
  end(id: number, sequence: number, outcome: WriteOutcome): void {
    const session = this.#byId.get(id);
    assert(session !== undefined, 'a session ends between commands only');
    session.outcomes.set(sequence, outcome);
    this.#unhashed.add(session.place);
  }

  /** Brings the content hash up to date with the sessions. */
  hash(): void {
    for (const place of this.#unhashed) {
      const session = this.#byPlace[place];
      const row = session === undefined ? undefined : encodeSession(session);
      const hash = this.#content.replace(SIDE_ROW_MAIN, place, this.#hashes.get(place), row);
      if (hash === undefined) this.#hashes.delete(place);
      else this.#hashes.set(place, hash);
      this.#unflushed.set(place, row);
    }
    this.#unhashed.clear();
  }

  /** The rows that changed since the last call, as they are now, in order of their places. */
  takeRows(): readonly SessionRow[] {
    this.hash();
    const rows = [...this.#unflushed].map(([place, row]) => ({ place, row }));
    this.#unflushed = new Map();
    return rows.sort((a, b) => a.place - b.place);
  }

  #add(session: Session): void {
    this.#byId.set(session.id, session);
    while (this.#byPlace.length <= session.place) this.#byPlace.push(undefined);
    this.#byPlace[session.place] = session;
  }
}

/** Forgets the outcomes below `firstUnacknowledged`. An older value than before, of a request that was overtaken, changes nothing. */
function acknowledge(session: Session, firstUnacknowledged: number): void {
  const { firstUnacknowledged: first, outcomes } = session;
  if (firstUnacknowledged <= first) return;
  session.firstUnacknowledged = firstUnacknowledged;
  const end = Math.min(firstUnacknowledged, first + SESSION_WINDOW);
  for (let sequence = first; sequence < end; sequence += 1) outcomes.delete(sequence);
}
