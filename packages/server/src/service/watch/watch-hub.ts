/**
 * All watches of one shard on this node (R11, S11). The history of the shard is what they read; nothing is kept for a watch but a cursor and the few
 * events its reader has not taken.
 *
 * Watchers that are up to date are *synced*: what is applied is looked at once, at `position`, and each event is handed to those that want it. One whose
 * reader does not keep up *lags*: it keeps its cursor only. When its reader asks again it is *hungry*, and all hungry watchers are caught up together by
 * slices of the history that begin at the least of their cursors, until they are at `position` and synced again. Those whose history is in memory
 * get slices of their own, so that nobody who is a little behind waits for one who is far behind.
 *
 * It never leaves out an event without failing the watch: whatever is below the compact revision and not delivered is told as COMPACTED.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { CorruptError } from '@kvorum/core/kv/errors.js';
import type { HistoryOptions, HistoryRecord } from '@kvorum/core/kv/history.js';
import type { Revision } from '@kvorum/core/kv/revision.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import { KvorumError } from '@kvorum/protocol';
import type { Clock, Timer } from '../../env/env.js';
import { definite } from '../../shard/outcome.js';
import type { ShardAccess } from '../../shard/shard-access.js';
import type { WatchBatch } from '../kv-service.js';
import { failureError } from '../public-errors.js';
import { Change } from './change.js';
import { watchesBytesKept, watchesMax, watchesPerConnectionMax, watchLeaderlessMs, watchProgressMs } from './limits.js';
import { Watcher, type WatcherOptions } from './watcher.js';
import { WatcherIndex } from './watcher-index.js';

/** Records of one slice, and events handed out by it: some 2 ms (N11). */
const sliceRecordsMax = 500;
const sliceEventsMax = 5_000;
/** Readers that are told in one slice: each of them encodes and sends what it got. The next ones have their turn later (N11). */
export const sliceTellsMax = 100;

/** What the hub needs of its shard and node. */
export interface WatchHubDeps {
  readonly shard: Pick<ShardAccess, 'machine' | 'isInTouch' | 'onChange' | 'foundCorrupt'>;
  readonly clock: Clock;
}

/** One per shard that is watched. */
export class WatchHub {
  /** Synced watchers have, or have been handed, everything before. */
  private position: Revision = { main: 0, sub: 0 };
  /** Nothing was applied that the synced watchers have not been handed. */
  private isUpToDate = true;
  private readonly watchers = new Set<Watcher>();
  private readonly synced = new WatcherIndex<Watcher>();
  private readonly hungry = new WatcherIndex<Watcher>();
  private readonly hungryNow = new Set<Watcher>();
  /** Watchers whose reader may be due something. */
  private readonly toTell = new Set<Watcher>();
  /** So many of them, the first ones, have not been looked at since events were gathered; nothing more is gathered before. */
  private untold = 0;
  /** Somebody joined them since. */
  private hasJoined = false;
  private readonly perConnection = new Map<object, number>();
  /** Bytes of events kept for all watchers. */
  private bytesKept = 0;
  private isScheduled = false;
  private stopListening: (() => void) | undefined;
  private inTouchAtMs = 0;
  private touchTimer: Timer | undefined;
  private progressTimer: Timer | undefined;
  private readonly deps: WatchHubDeps;

  constructor(deps: WatchHubDeps) {
    this.deps = deps;
  }

  /** Bytes of events kept for readers that have not taken them. */
  get keptBytes(): number {
    return this.bytesKept;
  }

  /** Watches that are open. */
  get size(): number {
    return this.watchers.size;
  }

  /** Opens a watch; `fromRevision` 0 stands for what comes after this replica's current revision. */
  open(options: WatcherOptions): Watcher {
    this.checkRoom(options.connection);
    const machine = this.deps.shard.machine();
    if (typeof machine === 'string') throw failureError(definite(machine), false);
    if (!this.deps.shard.isInTouch()) throw outOfTouch();
    const { currentRevision, compactRevision } = machine;
    if (options.fromRevision > 0 && options.fromRevision < compactRevision) throw compacted(compactRevision);
    if (this.watchers.size === 0) this.start(currentRevision);
    const fromRevision = options.fromRevision === 0 ? currentRevision + 1 : options.fromRevision;
    const watcher = new Watcher({ ...options, fromRevision });
    this.add(watcher);
    watcher.isLagging = isBefore(watcher.position, this.position);
    if (!watcher.isLagging) this.synced.add(watcher);
    else if (isMutated('watchGapAfterResume')) watcher.position = { main: fromRevision + 1, sub: 0 };
    return watcher;
  }

  /** The next batch; undefined when the watch was closed. One call at a time. Rejects when the watch has failed. */
  next(watcher: Watcher): Promise<WatchBatch | undefined> {
    const batch = this.take(watcher);
    if (batch !== undefined) return Promise.resolve(batch);
    const answer = watcher.wait();
    if (watcher.isLagging && watcher.isWaiting) {
      this.hungry.add(watcher);
      this.hungryNow.add(watcher);
      this.schedule();
    }
    return answer;
  }

  /** Answers the watch's reader as soon as it has everything, with or without events. */
  requestProgress(watcher: Watcher): void {
    if (watcher.hasEnded) return;
    watcher.isProgressAsked = true;
    this.toTell.add(watcher);
    this.hasJoined = true;
    this.schedule();
  }

  /** Ends a watch. */
  remove(watcher: Watcher): void {
    this.endWatch(watcher, undefined);
  }

  /** Ends all watches: the node, or its replica, serves no more. */
  close(): void {
    const machine = this.deps.shard.machine();
    this.failAll(failureError(definite(typeof machine === 'string' ? machine : 'stopping'), false));
  }

  private changed(): void {
    this.isUpToDate = false;
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.deps.clock.defer(() => this.run());
  }

  /** One slice of everything there is to do. */
  private run(): void {
    this.isScheduled = false;
    if (this.watchers.size === 0) return;
    const machine = this.deps.shard.machine();
    // A snapshot takes the state's place: its end is a change, and the history goes on.
    if (machine === 'catchingUp') return;
    if (typeof machine === 'string') {
      this.failAll(failureError(definite(machine), false));
      return;
    }
    try {
      if (this.untold === 0) {
        this.gatherNew(machine);
        this.catchUp(machine);
        this.untold = this.toTell.size;
        this.hasJoined = false;
      }
      this.tellSome();
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      this.deps.shard.foundCorrupt(error);
      this.failAll(new KvorumError('CORRUPT', error.message, {}, error));
      return;
    }
    if (!this.isUpToDate || this.hungryNow.size > 0 || this.untold > 0 || this.hasJoined) this.schedule();
  }

  /** Gathers what was applied for the synced watchers that want it. */
  private gatherNew(machine: StateMachine): void {
    this.skipCompacted(machine.compactRevision);
    const { touched, next } = this.gather(machine, { from: this.position }, this.synced, () => true);
    this.position = next;
    this.isUpToDate = next.main > machine.currentRevision;
    for (const watcher of touched) this.toTell.add(watcher);
  }

  /** Tells the first of those who may be due something; those who still are stand last from then on. */
  private tellSome(): void {
    let left = Math.min(this.untold, sliceTellsMax);
    this.untold -= left;
    for (const watcher of this.toTell) {
      if (left === 0) return;
      left -= 1;
      this.tell(watcher);
      this.toTell.delete(watcher);
      // A reader that waits gets the rest of its revision with the next slices.
      const isOwedMore = watcher.isWaiting && !watcher.isLagging && watcher.bytes > 0;
      if (isOwedMore || watcher.isProgressAsked) this.toTell.add(watcher);
      if (!isOwedMore && (watcher.isOverfull || (this.bytesKept > watchesBytesKept && watcher.bytes > 0))) {
        this.lag(watcher);
      }
    }
    this.untold = 0;
  }

  /** One slice for hungry watchers whose history is in memory, one for those who need the store. */
  private catchUp(machine: StateMachine): void {
    const { compactRevision, oldestRevisionInMemory } = machine;
    for (const watcher of this.hungryNow) {
      if (watcher.position.main < compactRevision) this.endWatch(watcher, compacted(compactRevision));
    }
    const isNear = ({ position }: Watcher): boolean => position.main >= oldestRevisionInMemory;
    this.catchUpSlice(machine, [...this.hungryNow].filter(isNear));
    this.catchUpSlice(
      machine,
      [...this.hungryNow].filter((watcher) => !isNear(watcher)),
    );
  }

  private catchUpSlice(machine: StateMachine, group: readonly Watcher[]): void {
    const from = leastPosition(group);
    if (from === undefined) return;
    const joins = (watcher: Watcher, record: Revision): boolean =>
      !isBefore(watcher.position, from) && !isBefore(record, watcher.position);
    const isBehind = isBefore(from, this.position);
    const next = isBehind ? this.gather(machine, { from, until: this.position }, this.hungry, joins).next : from;
    for (const watcher of [...this.hungryNow]) {
      if (isBefore(watcher.position, from)) continue;
      if (isBefore(watcher.position, next)) watcher.position = next;
      if (!isBefore(watcher.position, this.position)) this.sync(watcher);
      this.toTell.add(watcher);
    }
  }

  /**
   * Reads one slice of the history and gathers its events for the watchers of `index` that want them and that `joins` lets take part. Returns those that
   * got some, and where the slice ended.
   */
  private gather(
    machine: StateMachine,
    range: HistoryOptions,
    index: WatcherIndex<Watcher>,
    joins: (watcher: Watcher, record: HistoryRecord) => boolean,
  ): { readonly touched: ReadonlySet<Watcher>; readonly next: Revision } {
    const found: { readonly change: Change; readonly wanted: readonly Watcher[] }[] = [];
    let events = 0;
    const next = machine.history({ ...range, recordsMax: sliceRecordsMax }, (record) => {
      const wanted = index.match(record.key).filter((watcher) => watcher.wants(record) && joins(watcher, record));
      if (wanted.length > 0) found.push({ change: new Change(record), wanted });
      events += wanted.length;
      return events < sliceEventsMax;
    });
    const touched = new Set<Watcher>();
    for (const { change, wanted } of found) {
      for (const watcher of wanted) {
        const event = change.eventFor(watcher.options.wantsPrevious, (previous) => machine.previousRow(previous));
        this.counted(watcher, () => watcher.gather(event, change.sub));
        touched.add(watcher);
      }
    }
    return { touched, next };
  }

  /** Gives a reader that waits what there is for it. */
  private tell(watcher: Watcher): void {
    if (!watcher.isWaiting) return;
    const batch = this.take(watcher);
    if (batch === undefined) return;
    this.isFed(watcher);
    watcher.answer(batch);
  }

  private take(watcher: Watcher): WatchBatch | undefined {
    const { main } = watcher.isLagging ? watcher.position : this.position;
    const isUpToDate = this.isUpToDate && !watcher.isLagging;
    // It wants nothing of before, and may have come from a replica that is ahead of this one.
    const complete = Math.max(main, watcher.options.fromRevision) - 1;
    return this.counted(watcher, () => watcher.take(complete, isUpToDate));
  }

  /** A watcher that lags has come to where the synced ones are. */
  private sync(watcher: Watcher): void {
    this.isFed(watcher);
    watcher.isLagging = false;
    this.synced.add(watcher);
  }

  /** Lets a watcher whose reader does not keep up go on from its cursor alone. */
  private lag(watcher: Watcher): void {
    if (watcher.isLagging || watcher.hasEnded) return;
    this.counted(watcher, () => watcher.fallBehind(this.position));
    this.synced.delete(watcher);
    this.toTell.delete(watcher);
  }

  private isFed(watcher: Watcher): void {
    if (this.hungryNow.delete(watcher)) this.hungry.delete(watcher);
  }

  /** Synced watchers can't be given what was compacted away before it was looked at. */
  private skipCompacted(compactRevision: number): void {
    if (this.position.main >= compactRevision) return;
    for (const watcher of this.watchers) {
      if (!watcher.isLagging && watcher.options.fromRevision < compactRevision)
        this.endWatch(watcher, compacted(compactRevision));
    }
    this.position = { main: compactRevision, sub: 0 };
  }

  /** A watch whose events are held back without an end is worse than none: its reader can go on at another node. */
  private checkTouch(): void {
    const nowMs = this.deps.clock.nowMs();
    if (this.deps.shard.isInTouch()) this.inTouchAtMs = nowMs;
    else if (nowMs - this.inTouchAtMs >= watchLeaderlessMs) this.failAll(outOfTouch());
  }

  private tellProgress(): void {
    if (!this.isUpToDate) return;
    for (const watcher of this.watchers) {
      if (!watcher.options.wantsProgress) continue;
      const isIdle = watcher.isWaiting && !watcher.isLagging && watcher.bytes === 0 && !watcher.wasTold;
      if (isIdle) this.requestProgress(watcher);
      watcher.wasTold = false;
    }
  }

  private checkRoom(connection: object | undefined): void {
    const isFull = this.watchers.size >= watchesMax;
    const ofConnection = connection === undefined ? 0 : (this.perConnection.get(connection) ?? 0);
    if (!isFull && ofConnection < watchesPerConnectionMax) return;
    const where = isFull ? `this node (${watchesMax})` : `one connection (${watchesPerConnectionMax})`;
    throw new KvorumError('TOO_MANY_REQUESTS', `as many watches are open as may be for ${where}`);
  }

  private start(currentRevision: number): void {
    this.position = { main: currentRevision + 1, sub: 0 };
    this.isUpToDate = true;
    this.inTouchAtMs = this.deps.clock.nowMs();
    this.touchTimer = this.deps.clock.setInterval(watchLeaderlessMs / 5, () => this.checkTouch());
    this.stopListening = this.deps.shard.onChange(() => this.changed());
  }

  private add(watcher: Watcher): void {
    this.watchers.add(watcher);
    const { connection, wantsProgress } = watcher.options;
    if (connection !== undefined) this.perConnection.set(connection, (this.perConnection.get(connection) ?? 0) + 1);
    if (wantsProgress) this.progressTimer ??= this.deps.clock.setInterval(watchProgressMs, () => this.tellProgress());
  }

  private endWatch(watcher: Watcher, failure: KvorumError | undefined): void {
    if (!this.watchers.delete(watcher)) return;
    const { connection } = watcher.options;
    if (connection !== undefined) {
      const left = (this.perConnection.get(connection) ?? 1) - 1;
      if (left === 0) this.perConnection.delete(connection);
      else this.perConnection.set(connection, left);
    }
    if (!watcher.isLagging) this.synced.delete(watcher);
    this.isFed(watcher);
    this.toTell.delete(watcher);
    this.counted(watcher, () => watcher.end(failure));
    if (this.watchers.size > 0) return;
    this.stopListening?.();
    this.touchTimer?.cancel();
    this.progressTimer?.cancel();
    this.progressTimer = undefined;
  }

  private failAll(failure: KvorumError): void {
    for (const watcher of this.watchers) this.endWatch(watcher, failure);
  }

  /** Runs what may change the events that a watcher keeps. */
  private counted<T>(watcher: Watcher, run: () => T): T {
    const before = watcher.bytes;
    const result = run();
    this.bytesKept += watcher.bytes - before;
    return result;
  }
}

function isBefore(a: Revision, b: Revision): boolean {
  return a.main < b.main || (a.main === b.main && a.sub < b.sub);
}

function leastPosition(watchers: readonly Watcher[]): Revision | undefined {
  let least: Revision | undefined;
  for (const { position } of watchers) if (least === undefined || isBefore(position, least)) least = position;
  return least;
}

function outOfTouch(): KvorumError {
  return new KvorumError(
    'UNAVAILABLE',
    'this node knows no leader of the keyspace, or is no member of it; watch at another one',
  );
}

function compacted(compactRevision: number): KvorumError {
  const message = `events before revision ${compactRevision} were compacted away`;
  return new KvorumError('COMPACTED', message, { field: 'fromRevision', compactRevision });
}
