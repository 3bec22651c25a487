/** The open log: checks what is handed in, and puts its parts together. */
import { assert } from '@kvorum/core/base/assert.js';
import type { DiskError, LogWriter } from '../../env/disk.js';
import { CopyForward } from './copy-forward.js';
import type { Entry } from '@kvorum/core/raft/entry.js';
import { EntryReader } from './entry-reader.js';
import { GroupCommit } from './group-commit.js';
import { isCommitOnly, type Item, itemBytes, type ShardLogs } from './items.js';
import type { RecoveredLog } from './recover.js';
import { Segments } from './segments.js';
import type { LogPosition, ShardAppend, ShardId, Wal, WalDeps, WalEvents, WalOptions, WalStats } from './wal.js';
import { WalLimitError } from './wal-errors.js';

/** See {@link Wal}. */
export class WalLog implements Wal {
  readonly #logs: ShardLogs;
  readonly #options: WalOptions;
  readonly #events: WalEvents;
  readonly #writer: LogWriter;
  readonly #segments: Segments;
  readonly #reader: EntryReader;
  readonly #commit: GroupCommit;
  readonly #copyForward: CopyForward;
  readonly #defer: (run: () => void) => void;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;
  #stopped: (() => void)[] = [];

  constructor(
    deps: WalDeps,
    writer: LogWriter,
    directory: string,
    options: WalOptions,
    events: WalEvents,
    found: RecoveredLog,
  ) {
    const { disk, clock, log, failpoints } = deps;
    this.#logs = found.replay.logs();
    this.#options = options;
    this.#events = events;
    this.#writer = writer;
    this.#defer = (run) => clock.defer(run);
    this.#reader = new EntryReader({
      disk,
      findSegment: (number) => this.#segments.find(number),
      isDurable: (segment, end) => this.#commit.isDurable(segment, end),
      whenCopied: (shard) => this.#copyForward.whenCopied(shard),
    });
    const onFailure = (error: unknown) => this.#fail(error);
    const segmentsDeps = {
      disk,
      clock,
      log,
      writer,
      onFailure,
      onReady: () => this.#commit.pump(),
      onSpace: (isNoSpace: boolean) => events.onSpace(isNoSpace),
      onFree: ({ number }: { readonly number: number }) => this.#reader.forget(number),
      failpoints,
    };
    this.#segments = new Segments(segmentsDeps, directory, options, found.segments);
    const commitDeps = {
      clock,
      metrics: deps.metrics,
      writer,
      logs: this.#logs,
      segments: this.#segments,
      onFailure: (error: DiskError) => this.#fail(error),
      onProgress: () => this.#copyForward.consider(),
      failpoints,
    };
    const tail = {
      segment: this.#segments.current,
      offset: found.tailOffset,
      nextBatch: found.nextBatch,
      chain: found.chain,
    };
    this.#commit = new GroupCommit(commitDeps, options, tail);
    const copyDeps = {
      logs: this.#logs,
      reader: this.#reader,
      segments: this.#segments,
      write: (item: Item) => this.#writeItem(item),
      onFailure,
      failpoints,
    };
    this.#copyForward = new CopyForward(copyDeps, options.copyForwardBytes);
  }

  /** Makes the log writable: the first batch reserves its number for good. */
  async start(found: RecoveredLog): Promise<void> {
    await this.#segments.start(found.prepared);
    await this.#writeItem({ kind: 'opened' });
    if (this.#failure !== undefined) throw this.#failure;
  }

  append(updates: readonly ShardAppend[], onSynced: () => void): void {
    this.#requireOpen();
    const item: Item = { kind: 'append', updates };
    const bytes = itemBytes(item);
    if (bytes > this.#options.appendBytesMax) throw new WalLimitError('an append', bytes, this.#options.appendBytesMax);
    const isLazy = !this.#commit.hasWaiting && isCommitOnly(this.#logs, updates);
    this.#commit.push(item, isLazy, onSynced);
  }

  compact(shard: ShardId, to: LogPosition, confState?: Uint8Array): void {
    this.#requireOpen();
    const log = this.#logs.get(shard);
    if (
      log === undefined ||
      to.index < log.logStart.index ||
      (to.index === log.logStart.index && confState === undefined)
    )
      return;
    assert(to.index <= log.lastIndex, 'a log start behind the end of the log');
    this.#commit.push({ kind: 'compact', shard, mark: { ...to, confState } }, true, undefined);
  }

  removeShard(shard: ShardId, incarnation: number, onSynced: () => void): void {
    this.#requireOpen();
    this.#commit.push({ kind: 'remove', shard, incarnation }, false, onSynced);
  }

  async readEntries(shard: ShardId, lo: number, hi: number, bytesMax: number): Promise<readonly Entry[]> {
    this.#requireOpen();
    const log = this.#logs.get(shard);
    if (log === undefined || hi <= lo) throw new RangeError(`shard ${shard} has no entries [${lo}, ${hi})`);
    return this.#reader.read(shard, log, lo, hi, bytesMax);
  }

  logBounds(shard: ShardId): { readonly start: LogPosition; readonly lastIndex: number } | undefined {
    const log = this.#logs.get(shard);
    return log === undefined ? undefined : { start: log.logStart, lastIndex: log.lastIndex };
  }

  termAt(shard: ShardId, index: number): number | undefined {
    return this.#logs.get(shard)?.termAt(index);
  }

  get bytes(): number {
    return this.#segments.bytes;
  }

  get isNoSpace(): boolean {
    return this.#segments.isNoSpace;
  }

  get syncStartedMs(): number | undefined {
    return this.#commit.syncStartedMs;
  }

  get stats(): WalStats {
    return this.#commit.stats;
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    await this.#copyForward.close();
    await this.#commit.drain();
    this.#stop();
    await this.#segments.close();
    await this.#reader.close();
    await this.#writer.close();
  }

  #requireOpen(): void {
    assert(this.#closing === undefined, 'the log is closed');
  }

  #writeItem(item: Item): Promise<void> {
    if (this.#failure !== undefined || this.#closing !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stopped.push(resolve);
      this.#commit.push(item, false, () => {
        this.#stopped = this.#stopped.filter((one) => one !== resolve);
        resolve();
      });
    });
  }

  #stop(): void {
    this.#commit.stop();
    const stopped = this.#stopped;
    this.#stopped = [];
    for (const resolve of stopped) resolve();
  }

  /** R17: once, for good. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#failure = failure;
    this.#stop();
    this.#defer(() => this.#events.onFailure(failure));
  }
}
