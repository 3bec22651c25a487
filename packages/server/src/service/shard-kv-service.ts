/**
 * The key-value service of one ordered keyspace: checks limits, hands commands to the keyspace's shard, and reads its state once the shard
 * allows it. Holds no state of its own but running lists.
 */
import { CorruptError } from '@kvorum/core/kv/errors.js';
import type { KeyRange, Pin } from '@kvorum/core/kv/read-types.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import { KvorumError, prefixEnd } from '@kvorum/protocol';
import type { Clock } from '../env/env.js';
import type { LeaseHold } from '../shard/reads/leader-lease.js';
import { definite } from '../shard/outcome.js';
import type { OnReadReady } from '../shard/reads/read-queue.js';
import type { ShardAccess } from '../shard/shard-access.js';
import type {
  Backup,
  BackupOptions,
  BatchOperation,
  BatchResult,
  DeleteResult,
  GetResult,
  KeyValue,
  KvService,
  Listing,
  ListOptions,
  PutResult,
  ReadOptions,
  SessionInfo,
  Watch,
  WatchOptions,
  WriteOptions,
} from './kv-service.js';
import { failureError, readError, staleError } from './public-errors.js';
import { checkKey, checkListOptions, checkReadOptions, checkTimeout, checkWatchOptions } from './request-checks.js';
import { copyRow } from './rows.js';
import { openWatch } from './watch/open-watch.js';
import { WatchHub } from './watch/watch-hub.js';
import { Writes } from './writes.js';

/** Defaults of requests that name none. */
export interface ServiceOptions {
  readonly requestTimeoutMs: number;
}

/** Rows of one slice of a list, and index entries of one slice of a count, so that it stays below 5 ms (N11). */
const sliceRowsMax = 1000;
const sliceBytesMax = 256 * 1024;
/** How long a list or count keeps its revision from being compacted away. A compaction that comes later ends it with COMPACTED. */
export const listPinMsMax = 300_000;

/** Backups taken from a node at a time: each holds a reader of the store. */
export const backupsMax = 1;

/** One per keyspace. What fails, fails with a KvorumError; a bug does with whatever it threw. */
export class ShardKvService implements KvService {
  private readonly shard: ShardAccess;
  private readonly clock: Clock;
  private readonly options: ServiceOptions;
  private readonly writes: Writes;
  private readonly hub: WatchHub;
  private runningBackups = 0;
  /** Releases the pins of running lists and counts. */
  private readonly pins = new Set<() => void>();

  constructor(deps: { readonly shard: ShardAccess; readonly clock: Clock }, options: ServiceOptions) {
    this.shard = deps.shard;
    this.clock = deps.clock;
    this.options = options;
    this.writes = new Writes(deps.shard, options);
    this.hub = new WatchHub(deps);
  }

  async get(key: Uint8Array, options: ReadOptions = {}): Promise<GetResult> {
    checkKey(key);
    checkReadOptions(options);
    return this.read(options, (machine) => {
      const row = this.readNow(() => machine.get(key, options.revision));
      return { kv: row === undefined ? undefined : copyRow(row), revision: machine.currentRevision };
    });
  }

  put(key: Uint8Array, value: Uint8Array, options: WriteOptions = {}): Promise<PutResult> {
    return this.writes.put(key, value, options);
  }

  delete(key: Uint8Array, options: WriteOptions = {}): Promise<DeleteResult> {
    return this.writes.delete(key, options);
  }

  batch(
    operations: readonly BatchOperation[],
    options: Pick<WriteOptions, 'timeoutMs'> = {},
  ): Promise<readonly BatchResult[]> {
    return this.writes.batch(operations, options);
  }

  compact(revision: number): Promise<{ readonly revision: number }> {
    return this.writes.compact(revision);
  }

  openSession(options: Pick<WriteOptions, 'timeoutMs'> = {}): Promise<SessionInfo> {
    return this.writes.openSession(options);
  }

  keepSession(id: number, options: Pick<WriteOptions, 'timeoutMs'> = {}): Promise<void> {
    return this.writes.keepSession(id, options);
  }

  closeSession(id: number, options: Pick<WriteOptions, 'timeoutMs'> = {}): Promise<void> {
    return this.writes.closeSession(id, options);
  }

  async backup(options: BackupOptions = {}): Promise<Backup> {
    if (this.runningBackups >= backupsMax) {
      throw new KvorumError('TOO_MANY_REQUESTS', 'a backup is being taken from this node; one runs at a time');
    }
    const timeoutMs = this.timeout(options.timeoutMs);
    this.runningBackups += 1;
    const ended = (): void => {
      this.runningBackups -= 1;
    };
    try {
      if (options.consistency !== 'serializable') await this.barrier(timeoutMs, false);
      const opened = await this.shard.openBackup(ended);
      if (typeof opened === 'string') throw failureError(definite(opened), false);
      const { revision, storeBytes, chunks, close } = opened;
      return { revision, bytesEstimate: storeBytes, chunks, close };
    } catch (error) {
      ended();
      throw error;
    }
  }

  async watch(options: WatchOptions = {}): Promise<Watch> {
    checkWatchOptions(options);
    const { fromRevision = 0 } = options;
    if (fromRevision === 0) await this.barrier(this.timeout(options.timeoutMs), false);
    return openWatch(this.hub, options);
  }

  async count(
    options: Pick<ListOptions, 'prefix' | keyof ReadOptions> = {},
  ): Promise<{ readonly count: number; readonly revision: number }> {
    checkListOptions(options);
    const { machine, pin } = await this.pinned(options);
    try {
      let range = rangeOf(options);
      let count = 0;
      for (;;) {
        const slice = this.readNow(() => machine.count(range, pin.revision, sliceRowsMax));
        count += slice.count;
        if (slice.nextKey === undefined) return { count, revision: pin.revision };
        range = { start: slice.nextKey, end: range.end };
        await this.nextTurn();
        this.requireSame(machine);
      }
    } finally {
      pin.release();
    }
  }

  async list(options: ListOptions = {}): Promise<Listing> {
    checkListOptions(options);
    const limit = options.limit ?? 0;
    const { machine, pin } = await this.pinned(options);
    const run: ListRun = { range: rangeOf(options), limit, keysOnly: options.keysOnly === true, nextKey: undefined };
    return { revision: pin.revision, pages: this.pages(machine, pin, run), nextKey: () => run.nextKey };
  }

  /** Resolves when this node may answer linearizable reads; rejects with why not. Asked also when nothing else is taken any more (S12). */
  async checkServing(timeoutMs: number): Promise<void> {
    await this.barrier(this.timeout(timeoutMs), false, true);
    this.machine();
  }

  /** Ends what running lists hold, and all watches; to be called when the shard has ended. */
  close(): void {
    for (const release of this.pins) release();
    this.hub.close();
  }

  private async *pages(machine: StateMachine, pin: Pin, run: ListRun): AsyncGenerator<readonly KeyValue[]> {
    try {
      let left = run.limit === 0 ? Number.POSITIVE_INFINITY : run.limit;
      let range = run.range;
      for (;;) {
        this.requireSame(machine);
        const rowsMax = Math.min(left, sliceRowsMax);
        const slice = this.readNow(() =>
          machine.range(range, { revision: pin.revision, keysOnly: run.keysOnly, rowsMax, bytesMax: sliceBytesMax }),
        );
        left -= slice.rows.length;
        run.nextKey = slice.nextKey;
        const page = slice.rows.map(copyRow);
        if (page.length > 0) yield page;
        if (slice.nextKey === undefined || left === 0) return;
        range = { start: slice.nextKey, end: range.end };
        await this.nextTurn();
      }
    } finally {
      pin.release();
    }
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => this.clock.defer(resolve));
  }

  /**
   * What `look` finds in the replica's state, once that may be read as the options ask. Under a leader's lease the clock is looked at after the
   * value was read: when the lease ran out meanwhile the value proves nothing, and a round of heartbeats has to (R28).
   *
   * @param drop lets go of what `look` found in vain
   */
  private async read<T>(
    options: ReadOptions,
    look: (machine: StateMachine) => T,
    drop: (found: T) => void = () => undefined,
  ): Promise<T> {
    const timeoutMs = this.timeout(options.timeoutMs);
    if (options.consistency === 'serializable') return look(this.machine());
    if (options.maxStalenessMs !== undefined) return look(this.freshMachine(options.maxStalenessMs));
    const untilMs = this.clock.nowMs() + timeoutMs;
    const hold = await this.barrier(timeoutMs, true);
    const isGood = (): boolean => hold === undefined || hold.isHeld();
    try {
      const found = look(this.machine());
      if (isGood()) return found;
      drop(found);
    } catch (error) {
      // What a read fails by is something it saw, too.
      if (isGood()) throw error;
    }
    await this.barrier(Math.max(1, untilMs - this.clock.nowMs()), false);
    return look(this.machine());
  }

  /** The replica's state with the revision to read, pinned. */
  private pinned(options: ReadOptions): Promise<{ readonly machine: StateMachine; readonly pin: Pin }> {
    const pinIn = (machine: StateMachine) => ({ machine, pin: this.pin(machine, options.revision) });
    return this.read(options, pinIn, ({ pin }) => pin.release());
  }

  private machine(): StateMachine {
    const machine = this.shard.machine();
    if (typeof machine === 'string') throw failureError(definite(machine), false);
    return machine;
  }

  /** The state, if it is known to be fresh enough. Nobody waits for it to be. */
  private freshMachine(maxStalenessMs: number): StateMachine {
    const machine = this.machine();
    const stalenessMs = this.shard.stalenessMs();
    if (stalenessMs === undefined || stalenessMs > maxStalenessMs) throw staleError(stalenessMs, maxStalenessMs);
    return machine;
  }

  /** A read of the state. What contradicts itself there is told to the shard, which serves no more (R14). */
  private readNow<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof CorruptError) this.shard.foundCorrupt(error);
      throw readError(error);
    }
  }

  /** Fails when the replica's state can't be read any more, or a snapshot put another one in its place: `machine` has no store then. */
  private requireSame(machine: StateMachine): void {
    const now = this.shard.machine();
    if (now === machine) return;
    throw failureError(definite(typeof now === 'string' ? now : 'catchingUp'), false);
  }

  /** A pin that lets go by itself, lest a reader that stopped reading, or a list that nobody reads, holds compaction up for ever. */
  private pin(machine: StateMachine, revision: number | undefined): Pin {
    const pin = this.readNow(() => machine.pin(revision));
    const release = (): void => {
      timer.cancel();
      this.pins.delete(release);
      pin.release();
    };
    const timer = this.clock.setTimer(listPinMsMax, release);
    this.pins.add(release);
    return { revision: pin.revision, release };
  }

  /** Resolves when the replica's state may be read, with the hold on which that rests if it does on one. */
  private barrier(timeoutMs: number, mayUseLease: boolean, isCheck = false): Promise<LeaseHold | undefined> {
    return new Promise((resolve, reject) => {
      const onReady: OnReadReady = (failure, hold) => {
        if (failure === undefined) resolve(hold);
        else reject(failureError(failure, false));
      };
      this.shard.readBarrier(timeoutMs, onReady, mayUseLease, isCheck);
    });
  }

  private timeout(asked: number | undefined): number {
    checkTimeout(asked);
    return asked ?? this.options.requestTimeoutMs;
  }
}

interface ListRun {
  readonly range: KeyRange;
  readonly limit: number;
  readonly keysOnly: boolean;
  nextKey: Uint8Array | undefined;
}

function rangeOf(options: Pick<ListOptions, 'prefix' | 'from'>): KeyRange {
  const prefix = options.prefix ?? new Uint8Array(0);
  return { start: options.from ?? prefix, end: prefixEnd(prefix) };
}
