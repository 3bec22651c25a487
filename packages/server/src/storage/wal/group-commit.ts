/**
 * Group commit: turns items into batches and batches into durable appends, one at a time (P1, P2). While one batch is written, the next is
 * encoded into other memory, at the place where it will lie; when the write is done it leaves at once, before anybody is told of the old one.
 */
import { isMutated } from '@kvorum/core/base/mutation.js';
import { assert } from '@kvorum/core/base/assert.js';
import type { DiskError, LogWriter } from '../../env/disk.js';
import type { Clock } from '../../env/env.js';
import type { Failpoints } from '../../env/failpoints.js';
import type { WalMetrics } from '../../env/node-metrics.js';
import { BatchEncoder } from './batch-encoder.js';
import { encodeItem, encodeTable, type Item, itemBytes, type ShardLogs, tableBytes } from './items.js';
import { liveFloor } from './retention.js';
import { type Segment, SEGMENT_HEADER_BYTES } from './segment-file.js';
import type { Segments } from './segments.js';
import type { WalOptions, WalStats } from './wal.js';

/** What group commit works with. */
export interface GroupCommitDeps {
  readonly clock: Clock;
  readonly metrics?: WalMetrics | undefined;
  readonly writer: LogWriter;
  readonly logs: ShardLogs;
  readonly segments: Segments;
  /** A write or sync failed; nothing is written any more. */
  readonly onFailure: (error: DiskError) => void;
  /** A batch is durable, or a new segment is in use. */
  readonly onProgress: () => void;
  readonly failpoints?: Failpoints | undefined;
}

/** Where the log goes on. */
export interface LogTail {
  readonly segment: Segment | undefined;
  readonly offset: number;
  readonly nextBatch: number;
  readonly chain: number;
}

interface Waiting {
  readonly item: Item;
  readonly bytes: number;
  readonly onSynced: (() => void) | undefined;
}

interface Batch {
  readonly memory: Uint8Array;
  readonly callbacks: readonly (() => void)[];
  readonly segment: number;
  readonly end: number;
  readonly freeBelow: number;
  readonly startedMs: number;
  /** Counted when it left; the next batch is being filled meanwhile. */
  readonly entries: number;
}

/** How late a write starts under `ackBeforeAppend`, so that a killed process loses what it acknowledged. */
const ACK_BEFORE_APPEND_DELAY_MS = 50;

/** One per open log. Callbacks run in the order of `push`, none after a failure. */
export class GroupCommit {
  readonly #deps: GroupCommitDeps;
  readonly #options: WalOptions;
  readonly #encoder = new BatchEncoder();
  readonly #freeMemory: Uint8Array[];
  readonly #waiting: Waiting[] = [];
  /** Of what is encoded and not under way yet. */
  #callbacks: (() => void)[] = [];
  /** Due without a sync of their own; run before those of any later batch. */
  #due: (() => void)[] = [];
  #isUrgent = false;
  #mayFree = false;
  #isStopped = false;
  #isDelayed = false;
  #segment: Segment | undefined;
  #offset: number;
  #nextBatch: number;
  #chain: number;
  #underWay: Batch | undefined;
  #durable: { readonly segment: number; readonly end: number };
  #onIdle: (() => void)[] = [];
  readonly #counts = { syncs: 0, appends: 0, entries: 0, writtenBytes: 0 };
  /** Entries of all batches that have left for the disk. */
  #entriesWritten = 0;

  constructor(deps: GroupCommitDeps, options: WalOptions, tail: LogTail) {
    this.#deps = deps;
    this.#options = options;
    const shared = () => deps.writer.allocate(options.batchBytesMax);
    this.#freeMemory = [shared(), shared()];
    this.#segment = tail.segment;
    this.#offset = tail.offset;
    this.#nextBatch = tail.nextBatch;
    this.#chain = tail.chain;
    this.#durable = { segment: tail.segment?.number ?? 0, end: tail.offset };
  }

  get stats(): WalStats {
    return this.#counts;
  }

  get syncStartedMs(): number | undefined {
    return this.#underWay?.startedMs;
  }

  /** Whether state in memory is ahead of the items handed in. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  isDurable(segment: number, end: number): boolean {
    return segment < this.#durable.segment || (segment === this.#durable.segment && end <= this.#durable.end);
  }

  /** Takes an item; `isLazy` ones are written with the next batch that somebody waits for. */
  push(item: Item, isLazy: boolean, onSynced: (() => void) | undefined): void {
    if (this.#isStopped) return;
    const one = { item, bytes: itemBytes(item), onSynced: isLazy ? undefined : this.#switched(onSynced) };
    const isEncoded = this.#waiting.length === 0 && this.#tryEncode(one);
    if (!isEncoded) this.#waiting.push(one);
    if (isLazy && onSynced !== undefined) this.#settleLazy(onSynced);
    if (!isLazy || !isEncoded || this.#frees()) this.#isUrgent = true;
    this.pump();
  }

  /** Starts the next batch if there is one to start. */
  pump(): void {
    if (this.#underWay !== undefined || this.#isStopped || this.#isDelayed || !this.#isUrgent) return;
    if (this.#encoder.isEmpty && !this.#encodeWaiting()) return;
    if (this.#options.testing.ackBeforeAppend === true) return this.#delay();
    this.#write();
  }

  /** Resolves when everything handed in is durable; lazy items too. */
  async drain(): Promise<void> {
    this.#isUrgent = true;
    this.pump();
    while (!this.#isStopped && !this.#isIdle()) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Nothing is written or acknowledged any more. */
  stop(): void {
    this.#isStopped = true;
    this.#tellIdle();
  }

  #isIdle(): boolean {
    return this.#underWay === undefined && this.#encoder.isEmpty && this.#waiting.length === 0;
  }

  #tellIdle(): void {
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** An item that is lost without harm counts as durable when everything before it is. */
  #settleLazy(onSynced: () => void): void {
    if (this.#isUrgent || this.#waiting.length > 0 || this.#callbacks.length > 0) {
      this.#callbacks.push(onSynced);
      return;
    }
    this.#due.push(onSynced);
    if (this.#underWay === undefined) this.#deps.clock.defer(() => this.#runDue());
  }

  #runDue(): void {
    if (this.#underWay !== undefined || this.#isStopped) return;
    const due = this.#due;
    this.#due = [];
    for (const run of due) run();
  }

  #frees(): boolean {
    const { segments, logs } = this.#deps;
    const oldest = segments.oldest?.number;
    if (!this.#mayFree || oldest === undefined || segments.count < 2) return false;
    return liveFloor(logs, this.#encoder.place.segment) > oldest;
  }

  #tryEncode(one: Waiting): boolean {
    if (!this.#encoder.isOpen && !this.#beginHere(one.bytes)) return false;
    if (!this.#encoder.fits(one.bytes)) return false;
    encodeItem(this.#encoder, this.#deps.logs, one.item);
    if (this.#encoder.isEmpty && one.item.kind === 'copy')
      encodeItem(this.#encoder, this.#deps.logs, { kind: 'opened' });
    if (one.onSynced !== undefined) this.#callbacks.push(one.onSynced);
    this.#count(one.item);
    return true;
  }

  #count(item: Item): void {
    if (item.kind !== 'append') this.#mayFree = true;
    else {
      this.#counts.appends++;
      for (const update of item.updates) {
        this.#counts.entries += update.entries.length;
        if (update.snapshot !== undefined) this.#mayFree = true;
      }
    }
  }

  /** Opens a batch in the current segment, if there is one with room. */
  #beginHere(bytes: number): boolean {
    if (this.#segment === undefined || this.#offset + bytes > this.#segment.bytes) return false;
    this.#begin(this.#segment, this.#offset, bytes);
    return true;
  }

  #begin(segment: Segment, batchStart: number, bytes: number): void {
    const isSmall = bytes <= this.#options.batchBytesMax;
    const memory = (isSmall ? this.#freeMemory.pop() : undefined) ?? new Uint8Array(bytes);
    const place = { segment: segment.number, batch: this.#nextBatch, batchStart };
    this.#encoder.begin(memory, place, segment.bytes, this.#chain);
  }

  /** Opens a batch for what waits, in a new segment if need be, and encodes as much as fits. False when it has to wait for a segment. */
  #encodeWaiting(): boolean {
    const first = this.#waiting[0];
    if (first === undefined) {
      this.#isUrgent = false;
      return false;
    }
    if (this.#encoder.isOpen) this.#abandon();
    if (!this.#beginHere(first.bytes) && !this.#beginNext(first.bytes)) return false;
    let encoded = 0;
    for (const one of this.#waiting) {
      if (!this.#tryEncode(one)) break;
      encoded++;
    }
    assert(encoded > 0, 'a batch without its first item');
    this.#waiting.splice(0, encoded);
    return true;
  }

  #abandon(): void {
    this.#recycle(this.#encoder.memory);
    this.#encoder.abandon();
  }

  #recycle(memory: Uint8Array): void {
    if (memory.length === this.#options.batchBytesMax) this.#freeMemory.push(memory);
  }

  /** The table of all shards and what follows it are one batch: either both are there after a crash, or the old segment is the last. */
  #beginNext(bytes: number): boolean {
    const { logs, segments } = this.#deps;
    const needed = tableBytes(logs) + bytes;
    const next = segments.takeNext(SEGMENT_HEADER_BYTES + needed);
    if (next === undefined) return false;
    this.#segment = next;
    this.#begin(next, SEGMENT_HEADER_BYTES, needed);
    encodeTable(this.#encoder, logs);
    this.#mayFree = true;
    return true;
  }

  #write(): void {
    const { clock, logs, writer, failpoints } = this.#deps;
    const { memory, place } = this.#encoder;
    const bytes = this.#encoder.seal();
    const segment = this.#segment;
    assert(segment !== undefined && segment.number === place.segment, 'a batch for another segment');
    this.#chain = this.#encoder.chain;
    this.#nextBatch++;
    this.#offset = place.batchStart + bytes.length;
    const freeBelow = this.#mayFree ? liveFloor(logs, place.segment) : 0;
    const callbacks = [...this.#due, ...this.#callbacks];
    this.#due = [];
    this.#underWay = {
      memory,
      callbacks,
      segment: place.segment,
      end: this.#offset,
      freeBelow,
      startedMs: clock.nowMs(),
      entries: this.#counts.entries - this.#entriesWritten,
    };
    this.#entriesWritten = this.#counts.entries;
    this.#callbacks = [];
    this.#mayFree = false;
    this.#isUrgent = this.#waiting.length > 0;
    const beginsSegment = place.batchStart === SEGMENT_HEADER_BYTES;
    failpoints?.hit(beginsSegment ? 'tableBeforeWrite' : 'walBeforeWrite');
    writer.append({ path: segment.path, position: place.batchStart, bytes }, (error) =>
      this.#onWritten(error, bytes.length),
    );
    failpoints?.hit(beginsSegment ? 'tableBeforeSync' : 'walBeforeSync');
    if (this.#isAcknowledgedEarly) for (const run of callbacks) clock.defer(run);
  }

  #onWritten(error: DiskError | undefined, bytes: number): void {
    const batch = this.#underWay;
    if (this.#isStopped || batch === undefined) return;
    if (error !== undefined) {
      this.stop();
      return this.#deps.onFailure(error);
    }
    const beginsSegment = batch.end - bytes === SEGMENT_HEADER_BYTES;
    this.#deps.failpoints?.hit(beginsSegment ? 'tableAfterSync' : 'walAfterSync');
    this.#underWay = undefined;
    this.#durable = batch;
    this.#counts.syncs++;
    this.#counts.writtenBytes += bytes;
    this.#measure(batch, bytes);
    this.#recycle(batch.memory);
    const due = this.#due;
    this.#due = [];
    this.pump();
    if (!this.#isAcknowledgedEarly) for (const run of batch.callbacks) run();
    for (const run of due) run();
    this.#deps.segments.free(batch.freeBelow);
    this.#deps.onProgress();
    if (this.#isIdle()) this.#tellIdle();
  }

  get #isAcknowledgedEarly(): boolean {
    return this.#options.testing.ackBeforeSync === true || isMutated('ackBeforeSync');
  }

  #measure(batch: Batch, bytes: number): void {
    const { clock, metrics } = this.#deps;
    if (metrics === undefined) return;
    metrics.appendedEntries += batch.entries;
    metrics.appendedBytes += bytes;
    metrics.syncMs.observe(clock.nowMs() - batch.startedMs);
    metrics.entriesPerSync.observe(batch.entries);
  }

  #switched(onSynced: (() => void) | undefined): (() => void) | undefined {
    if (this.#options.testing.ackBeforeAppend !== true || onSynced === undefined) return onSynced;
    this.#deps.clock.defer(onSynced);
    return undefined;
  }

  #delay(): void {
    this.#isDelayed = true;
    this.#deps.clock.setTimer(ACK_BEFORE_APPEND_DELAY_MS, () => {
      this.#isDelayed = false;
      if (!this.#isStopped && this.#underWay === undefined) this.#write();
    });
  }
}
