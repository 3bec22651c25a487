/**
 * One watch as the hub sees it: a cursor on the shared history, a few events that its reader has not taken yet, and the reader when it waits.
 * Decides nothing about where events come from.
 */
import type { HistoryRecord } from '@kvorum/core/kv/history.js';
import type { Revision } from '@kvorum/core/kv/revision.js';
import type { KvorumError } from '@kvorum/protocol';
import type { WatchBatch, WatchEvent } from '../kv-service.js';
import { eventBytes } from './change.js';
import { watchBytesKept, watchEventsKept } from './limits.js';
import type { WatchedKeys } from './watcher-index.js';

/** What is watched, and how it is told. */
export interface WatcherOptions {
  readonly keys: WatchedKeys;
  readonly fromRevision: number;
  readonly wantsPrevious: boolean;
  readonly only: 'put' | 'delete' | undefined;
  readonly wantsProgress: boolean;
  readonly mayFragment: boolean;
  readonly connection: object | undefined;
}

interface Waiting {
  readonly resolve: (batch: WatchBatch | undefined) => void;
  readonly reject: (error: KvorumError) => void;
}

/** Belongs to its hub. */
export class Watcher {
  readonly keys: WatchedKeys;
  readonly options: WatcherOptions;
  /** Behind the hub: it gets nothing of what happens now, and reads the history from `position` on when its reader asks. */
  isLagging = false;
  /** While lagging: where it reads on. */
  position: Revision;
  /** A reader asked for progress and has not been told. */
  isProgressAsked = false;
  /** It was told of events since the last round of progress. */
  wasTold = false;
  private events: WatchEvent[] = [];
  /** Where each event lies within its revision. */
  private subs: number[] = [];
  private bytesNow = 0;
  private waiting: Waiting | undefined;
  private ending: { readonly failure: KvorumError | undefined } | undefined;

  constructor(options: WatcherOptions) {
    this.options = options;
    this.keys = options.keys;
    this.position = { main: options.fromRevision, sub: 0 };
  }

  get isWaiting(): boolean {
    return this.waiting !== undefined;
  }

  /** Nothing more is to be gathered for it. */
  get hasEnded(): boolean {
    return this.ending !== undefined;
  }

  /** Bytes of the events it keeps. */
  get bytes(): number {
    return this.bytesNow;
  }

  /** More events are kept than a reader that is behind may cost. */
  get isOverfull(): boolean {
    return this.events.length > watchEventsKept || this.bytesNow > watchBytesKept;
  }

  wants(record: HistoryRecord): boolean {
    const { only, fromRevision } = this.options;
    return record.main >= fromRevision && (only === undefined || (only === 'delete') === record.isTombstone);
  }

  gather(event: WatchEvent, sub: number): void {
    this.events.push(event);
    this.subs.push(sub);
    this.bytesNow += eventBytes(event);
  }

  /** Lets go of the events it keeps, to read them from the history again: from the oldest of them on, or from `elseFrom`. */
  fallBehind(elseFrom: Revision): void {
    const oldest = this.events[0];
    this.position = oldest === undefined ? elseFrom : { main: oldest.kv.modRevision, sub: this.subs[0] ?? 0 };
    this.isLagging = true;
    this.drop();
  }

  /**
   * What its reader gets now that all is gathered up to revision `complete`, and of the next one perhaps a part. Undefined: nothing yet.
   * A part of a revision leaves only where that was asked for.
   *
   * @param isUpToDate there is nothing else to be gathered now
   */
  take(complete: number, isUpToDate: boolean): WatchBatch | undefined {
    const isFragment =
      this.options.mayFragment && this.isOverfull && (this.events.at(-1)?.kv.modRevision ?? 0) > complete;
    const count = isFragment ? this.events.length : countUpTo(this.events, complete);
    if (count === 0) return this.isProgressAsked && isUpToDate ? this.told(complete, [], false) : undefined;
    const events = count === this.events.length ? this.events : this.events.slice(0, count);
    this.events = this.events.slice(count);
    this.subs = this.subs.slice(count);
    this.bytesNow = this.events.reduce((bytes, event) => bytes + eventBytes(event), 0);
    return this.told(complete, events, isFragment);
  }

  /** What the reader that waits gets. */
  answer(batch: WatchBatch): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(batch);
  }

  /** The reader waits for a batch, or for the end: undefined when the watch is closed. */
  async wait(): Promise<WatchBatch | undefined> {
    const { ending } = this;
    if (ending?.failure !== undefined) throw ending.failure;
    if (ending !== undefined) return undefined;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  /** Nothing comes any more; with a failure, reading fails from now on. */
  end(failure: KvorumError | undefined): void {
    if (this.ending !== undefined) return;
    this.ending = { failure };
    this.isProgressAsked = false;
    this.drop();
    const { waiting } = this;
    this.waiting = undefined;
    if (failure === undefined) waiting?.resolve(undefined);
    else waiting?.reject(failure);
  }

  private drop(): void {
    this.events = [];
    this.subs = [];
    this.bytesNow = 0;
  }

  private told(revision: number, events: readonly WatchEvent[], isFragment: boolean): WatchBatch {
    this.isProgressAsked = false;
    if (events.length > 0) this.wasTold = true;
    return { revision, events, isFragment };
  }
}

/** How many events, in the order of their revisions, are of revisions up to `revision`. */
function countUpTo(events: readonly WatchEvent[], revision: number): number {
  let count = events.length;
  while (count > 0 && (events[count - 1]?.kv.modRevision ?? 0) > revision) count -= 1;
  return count;
}
