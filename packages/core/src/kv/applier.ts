/**
 * Applies log entries: a pure function of the log and the state before. Every command gets a revision of its own; the records of one command count
 * `sub` from 0. A command that cannot be carried out changes nothing and answers with an outcome.
 *
 * A large range delete runs in slices. Until it is done `currentRevision` stays put, so what it wrote so far is invisible.
 */
import { assert } from '../base/assert.js';
import { cloneBytes, EMPTY_BYTES } from '../base/bytes.js';
import {
  COMMAND_CLOSE_SESSION,
  COMMAND_COMPACT,
  COMMAND_COMPARE,
  COMMAND_DELETE,
  COMMAND_EXPIRE_SESSIONS,
  COMMAND_KEEP_SESSION,
  COMMAND_OPEN_SESSION,
  COMMAND_PUT,
  FLAG_IF_ABSENT,
  FLAG_IF_MOD_REVISION,
  FLAG_RANGE_END,
  FLAG_SESSION,
} from './command.js';
import { CommandCursor } from './entry-codec.js';
import { KeyValueSource, keyValueBytes, writeKeyValue } from './key-value.js';
import type { ApplyResult, Outcome, WriteOutcome } from './outcome.js';
import { noteCompaction } from './compactor.js';
import { RECORD_HEADER_BYTES, RECORD_TOMBSTONE, writeRecordHeader } from './record.js';
import type { ShardState } from './shard-state.js';
import { ChainLinker } from './version-chain.js';

const MORE: ApplyResult = { status: 'more' };

/** Writer of a shard's state. */
export class Applier {
  readonly #state: ShardState;
  readonly #sliceKeysMax: number;
  readonly #misread: ((entry: Uint8Array, index: number) => Uint8Array) | undefined;
  readonly #cursor = new CommandCursor();
  readonly #linker: ChainLinker;
  readonly #source = new KeyValueSource();
  #entry = EMPTY_BYTES;
  #entryIndex = 0;
  #entryTerm = 0;
  #outcomes: Outcome[] = [];
  /** Keys that this call may still delete. */
  #budget = 0;
  /** The range delete under way: where it goes on, where it ends, how many keys are gone. */
  #deleteFrom: Uint8Array | undefined;
  #deleteEnd: Uint8Array | undefined;
  #deleted = 0;

  constructor(
    state: ShardState,
    sliceKeysMax: number,
    misread: ((entry: Uint8Array, index: number) => Uint8Array) | undefined,
  ) {
    this.#state = state;
    this.#sliceKeysMax = sliceKeysMax;
    this.#misread = misread;
    this.#linker = new ChainLinker(state.ring);
  }

  /** Starts on an entry. */
  apply(entry: Uint8Array, index: number, term: number): ApplyResult {
    this.#begin(entry, index, term);
    if (entry.length === 0) return this.#finish();
    this.#cursor.open(this.#misread === undefined ? entry : this.#misread(entry, index));
    this.#state.shardTimeMs = Math.max(this.#state.shardTimeMs, this.#cursor.shardTimeMs);
    return this.#run();
  }

  /** Goes on with it. */
  applyMore(): ApplyResult {
    assert(this.#state.isApplying, 'no entry is under way');
    return this.#run();
  }

  /** A configuration entry: no command, a new ConfState. */
  applyConfChange(entry: Uint8Array, index: number, term: number, confState: Uint8Array): void {
    this.#begin(entry, index, term);
    this.#state.confState = cloneBytes(confState);
    this.#finish();
  }

  #begin(entry: Uint8Array, index: number, term: number): void {
    assert(!this.#state.isApplying, 'the entry before is not done');
    assert(index === this.#state.appliedIndex + 1, 'entries are applied without gaps');
    assert(term >= this.#state.appliedTerm, 'terms never fall');
    this.#entry = entry;
    this.#entryIndex = index;
    this.#entryTerm = term;
    this.#outcomes = [];
    this.#state.isApplying = true;
  }

  #run(): ApplyResult {
    this.#budget = this.#sliceKeysMax;
    if (this.#deleteFrom !== undefined && !this.#deleteSlice()) return MORE;
    while (this.#cursor.next()) {
      if (!this.#command()) return MORE;
    }
    return this.#finish();
  }

  #finish(): ApplyResult {
    this.#state.chain.add(this.#entryIndex, this.#entryTerm, this.#entry);
    this.#state.appliedIndex = this.#entryIndex;
    this.#state.appliedTerm = this.#entryTerm;
    this.#state.isApplying = false;
    this.#entry = EMPTY_BYTES;
    return { status: 'done', outcomes: this.#outcomes };
  }

  /** Carries out the command at the cursor; false when it needs another slice. */
  #command(): boolean {
    const { type, flags, revision } = this.#cursor;
    if (type === COMMAND_PUT || type === COMMAND_DELETE) {
      if ((flags & FLAG_SESSION) !== 0 && !this.#beginInSession()) return true;
      return this.#write(type, flags);
    }
    this.#outcomes.push(
      type === COMMAND_COMPACT
        ? this.#compact(revision)
        : type === COMMAND_COMPARE
          ? { kind: 'compare', revision: this.#state.currentRevision }
          : this.#sessionCommand(),
    );
    return true;
  }

  #write(type: number, flags: number): boolean {
    if (type === COMMAND_PUT) {
      this.#written(this.#put());
      return true;
    }
    if ((flags & FLAG_RANGE_END) === 0) {
      this.#written(this.#deleteKey());
      return true;
    }
    const cursor = this.#cursor;
    const end = cloneBytes(cursor.bytes, cursor.restStart, cursor.restEnd);
    this.#deleteFrom = cloneBytes(cursor.bytes, cursor.keyStart, cursor.keyEnd);
    this.#deleteEnd = end.length === 1 && end[0] === 0 ? undefined : end;
    this.#deleted = 0;
    return this.#deleteSlice();
  }

  /** Whether the stamped write at the cursor is to be executed; else it has its outcome. */
  #beginInSession(): boolean {
    const { session, sequence, firstUnacknowledged } = this.#cursor;
    const { sessions, shardTimeMs, currentRevision: revision } = this.#state;
    const verdict = sessions.begin(session, sequence, firstUnacknowledged, shardTimeMs);
    if (verdict.kind === 'repeat') this.#outcomes.push(verdict.outcome);
    if (verdict.kind === 'refuse') this.#outcomes.push({ kind: 'sessionRefused', reason: verdict.reason, revision });
    return verdict.kind === 'execute';
  }

  /** The write at the cursor came to `outcome`. */
  #written(outcome: WriteOutcome): void {
    this.#outcomes.push(outcome);
    const { flags, session, sequence } = this.#cursor;
    if ((flags & FLAG_SESSION) !== 0) this.#state.sessions.end(session, sequence, outcome);
  }

  #sessionCommand(): Outcome {
    const { type, session, limit, commandIndex } = this.#cursor;
    const { sessions, shardTimeMs, currentRevision: revision } = this.#state;
    if (type === COMMAND_OPEN_SESSION) {
      const opened = sessions.open(this.#entryIndex, commandIndex, shardTimeMs, limit);
      if (opened === undefined) return { kind: 'sessionRefused', reason: 'tooManySessions', revision };
      return { kind: 'sessionOpened', revision, session: opened };
    }
    if (type === COMMAND_KEEP_SESSION) {
      if (sessions.keep(session, shardTimeMs)) return { kind: 'sessionKept', revision };
      return { kind: 'sessionRefused', reason: 'sessionExpired', revision };
    }
    if (type === COMMAND_CLOSE_SESSION)
      return { kind: 'sessionsEnded', revision, sessions: sessions.close(session) ? 1 : 0 };
    assert(type === COMMAND_EXPIRE_SESSIONS, 'a type that decodes is known here');
    return { kind: 'sessionsEnded', revision, sessions: sessions.expire(limit, shardTimeMs) };
  }

  #put(): WriteOutcome {
    const { index } = this.#state;
    const cursor = this.#cursor;
    const source = this.#source;
    const isKnown = index.locate(cursor.bytes, cursor.keyStart, cursor.keyEnd);
    const key = index.state;
    const isLive = isKnown && !key.isTombstone;
    if (!this.#conditionHolds(isLive ? key.main : 0)) return this.#conditionFailed(isLive ? key.main : 0);
    const main = this.#state.currentRevision + 1;
    if (isKnown) this.#linker.linkAfter(key.main, key.sub);
    else this.#linker.links.clear();
    key.main = main;
    key.sub = 0;
    key.createRevision = isLive ? key.createRevision : main;
    key.version = isLive ? key.version + 1 : 1;
    key.leaseLow = cursor.leaseLow;
    key.leaseHigh = cursor.leaseHigh;
    key.isTombstone = false;
    source.keyBytes = cursor.bytes;
    source.keyStart = cursor.keyStart;
    source.keyEnd = cursor.keyEnd;
    source.createRevision = key.createRevision;
    source.modRevision = main;
    source.version = key.version;
    source.valueBytes = cursor.bytes;
    source.valueStart = cursor.restStart;
    source.valueEnd = cursor.restEnd;
    source.leaseLow = key.leaseLow;
    source.leaseHigh = key.leaseHigh;
    this.#writeRecord(main, 0, 0);
    if (isKnown) index.update();
    else index.insert(cursor.bytes, cursor.keyStart, cursor.keyEnd);
    this.#state.currentRevision = main;
    return { kind: 'put', revision: main, createRevision: key.createRevision, version: key.version };
  }

  #deleteKey(): WriteOutcome {
    const { index } = this.#state;
    const cursor = this.#cursor;
    const isLive = index.locate(cursor.bytes, cursor.keyStart, cursor.keyEnd) && !index.state.isTombstone;
    const modRevision = isLive ? index.state.main : 0;
    if (!this.#conditionHolds(modRevision)) return this.#conditionFailed(modRevision);
    if (!isLive) return { kind: 'delete', revision: this.#state.currentRevision, deleted: 0 };
    const main = this.#state.currentRevision + 1;
    this.#bury(main, 0, cursor.bytes, cursor.keyStart, cursor.keyEnd);
    this.#state.currentRevision = main;
    return { kind: 'delete', revision: main, deleted: 1 };
  }

  /** Deletes keys of the range until it or the budget ends; true when the range is done. */
  #deleteSlice(): boolean {
    const { index } = this.#state;
    const main = this.#state.currentRevision + 1;
    let isThere = index.seek(this.#deleteFrom ?? EMPTY_BYTES);
    while (isThere && index.isBelow(this.#deleteEnd)) {
      if (this.#budget === 0) {
        this.#deleteFrom = index.copyKey();
        return false;
      }
      this.#budget -= 1;
      index.load();
      if (!index.state.isTombstone) {
        const key = index.copyKey();
        this.#bury(main, this.#deleted, key, 0, key.length);
        this.#deleted += 1;
      }
      isThere = index.next();
    }
    this.#deleteFrom = undefined;
    this.#deleteEnd = undefined;
    if (this.#deleted > 0) this.#state.currentRevision = main;
    this.#written({ kind: 'delete', revision: this.#state.currentRevision, deleted: this.#deleted });
    return true;
  }

  /** Writes the tombstone of the live key at the index's position, which stays. */
  #bury(main: number, sub: number, bytes: Uint8Array, start: number, end: number): void {
    const key = this.#state.index.state;
    const source = this.#source;
    this.#linker.linkAfter(key.main, key.sub);
    key.main = main;
    key.sub = sub;
    key.createRevision = 0;
    key.version = 0;
    key.leaseLow = 0;
    key.leaseHigh = 0;
    key.isTombstone = true;
    source.keyBytes = bytes;
    source.keyStart = start;
    source.keyEnd = end;
    source.createRevision = 0;
    source.modRevision = main;
    source.version = 0;
    source.valueBytes = EMPTY_BYTES;
    source.valueStart = 0;
    source.valueEnd = 0;
    source.leaseLow = 0;
    source.leaseHigh = 0;
    this.#writeRecord(main, sub, RECORD_TOMBSTONE);
    this.#state.index.update();
  }

  /** Writes `#source` with the linker's links into the ring, in place. */
  #writeRecord(main: number, sub: number, flags: number): void {
    const { ring, content } = this.#state;
    ring.reserve(main, sub, RECORD_HEADER_BYTES + keyValueBytes(this.#source));
    writeRecordHeader(ring.bytes, ring.start, flags, this.#linker.links);
    const end = writeKeyValue(ring.bytes, ring.start + RECORD_HEADER_BYTES, this.#source);
    assert(end === ring.end, 'record length was computed wrongly');
    content.add(main, sub, ring.bytes, ring.start, ring.end);
  }

  #compact(revision: number): Outcome {
    const state = this.#state;
    const { currentRevision, compactRevision } = state;
    if (revision <= compactRevision)
      return { kind: 'failed', reason: 'compacted', revision: currentRevision, compactRevision };
    if (revision > currentRevision)
      return { kind: 'failed', reason: 'futureRevision', revision: currentRevision, compactRevision };
    noteCompaction(state, revision);
    return { kind: 'compact', revision: currentRevision, compactRevision: revision };
  }

  #conditionHolds(modRevision: number): boolean {
    const { flags, revision } = this.#cursor;
    if ((flags & FLAG_IF_ABSENT) !== 0) return modRevision === 0;
    return (flags & FLAG_IF_MOD_REVISION) === 0 || modRevision === revision;
  }

  #conditionFailed(modRevision: number): WriteOutcome {
    return { kind: 'conditionFailed', revision: this.#state.currentRevision, modRevision };
  }
}
