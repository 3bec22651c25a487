/**
 * The files of an open log: the ones in use, the one prepared ahead, and the room on the disk (R24). Works in the background; failures end
 * the log.
 */
import type { Disk, LogWriter } from '../../env/disk.js';
import type { Clock, Log, Timer } from '../../env/env.js';
import type { Failpoints } from '../../env/failpoints.js';
import { createSegment, type Segment } from './segment-file.js';
import type { WalOptions } from './wal.js';

/** What the files of a log need. */
export interface SegmentsDeps {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: LogWriter;
  /** A segment that {@link Segments.takeNext} had to wait for is there. */
  readonly onReady: () => void;
  readonly onFailure: (error: unknown) => void;
  readonly onSpace: (isNoSpace: boolean) => void;
  /** A file is about to be removed. */
  readonly onFree: (segment: Segment) => Promise<void>;
  readonly failpoints?: Failpoints | undefined;
}

const SECTOR_BYTES = 512;

/** One per open log. Segments are numbered without gaps; the last one is written. */
export class Segments {
  readonly #deps: SegmentsDeps;
  readonly #directory: string;
  readonly #options: WalOptions;
  readonly #used: Segment[];
  #prepared: Segment | undefined;
  /** What the log waits for; 0 when it waits for nothing. */
  #demandedBytes = 0;
  #preparing: Promise<void> | undefined;
  #freeing: Promise<void> = Promise.resolve();
  #checking: Promise<void> | undefined;
  #isNoSpace = false;
  #isClosed = false;
  #timer: Timer | undefined;

  constructor(deps: SegmentsDeps, directory: string, options: WalOptions, used: readonly Segment[]) {
    this.#deps = deps;
    this.#directory = directory;
    this.#options = options;
    this.#used = [...used];
  }

  get oldest(): Segment | undefined {
    return this.#used[0];
  }

  get count(): number {
    return this.#used.length;
  }

  get current(): Segment | undefined {
    return this.#used.at(-1);
  }

  get isNoSpace(): boolean {
    return this.#isNoSpace;
  }

  get bytes(): number {
    return this.#used.reduce((sum, { bytes }) => sum + bytes, this.#prepared?.bytes ?? 0);
  }

  find(number: number): Segment | undefined {
    return this.#used.find((segment) => segment.number === number);
  }

  /** @param prepared a blank segment that was found behind the last one */
  async start(prepared: Segment | undefined): Promise<void> {
    if (this.current !== undefined) await this.#deps.writer.openFile(this.current.path);
    if (prepared !== undefined) {
      await this.#deps.writer.openFile(prepared.path);
      this.#prepared = prepared;
    }
    this.#timer = this.#deps.clock.setInterval(this.#options.spaceCheckMs, () => this.#check());
    this.#check();
  }

  /** The next segment, with room for `bytesMin`; undefined when it isn't there yet: `onReady` tells. */
  takeNext(bytesMin: number): Segment | undefined {
    const next = this.#prepared;
    if (next === undefined || next.bytes < bytesMin) {
      this.#demandedBytes = bytesMin;
      this.#prepare();
      return undefined;
    }
    this.#prepared = undefined;
    this.#used.push(next);
    this.#prepare();
    return next;
  }

  /** Removes segments below `number`, oldest first, each removal synced, so that the rest never has a gap. */
  free(number: number): void {
    while (this.oldest !== undefined && this.#used.length > 1 && this.oldest.number < number) {
      const segment = this.oldest;
      this.#used.shift();
      this.#freeing = this.#freeing.then(() => this.#remove(segment)).catch(this.#deps.onFailure);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#preparing;
    await this.#freeing;
    await this.#checking;
  }

  async #remove(segment: Segment): Promise<void> {
    const { disk, writer, failpoints } = this.#deps;
    await this.#deps.onFree(segment);
    await writer.closeFile(segment.path);
    failpoints?.hit('segmentBeforeRemove');
    await disk.remove(segment.path);
    failpoints?.hit('segmentAfterRemove');
    await disk.syncDir(this.#directory);
    failpoints?.hit('segmentAfterRemoveSync');
  }

  #prepare(): void {
    const isEnough = this.#prepared !== undefined && this.#prepared.bytes >= this.#demandedBytes;
    if (this.#preparing !== undefined || this.#isClosed || isEnough) return;
    this.#preparing = this.#makeNext()
      .catch((error: unknown) => {
        this.#isClosed = true;
        this.#deps.onFailure(error);
      })
      .finally(() => {
        this.#preparing = undefined;
        // Asked for while a segment was not made for want of space.
        if (this.#demandedBytes > 0) this.#prepare();
      });
  }

  async #makeNext(): Promise<void> {
    const demandedBytes = this.#demandedBytes;
    const rounded = Math.ceil(demandedBytes / SECTOR_BYTES) * SECTOR_BYTES;
    const bytes = Math.max(this.#options.segmentBytes, rounded);
    const { freeBytes } = await this.#deps.disk.space(this.#directory);
    const isShort = freeBytes - bytes < this.#options.reserveBytes;
    this.#tellSpace(isShort);
    // Below the reserve only what the log can't go on without is made: that is what the reserve is for.
    if (isShort && demandedBytes === 0) return;
    const stale = this.#prepared;
    this.#prepared = undefined;
    if (stale !== undefined) await this.#deps.writer.closeFile(stale.path);
    const number = (this.current?.number ?? 0) + 1;
    const made = await createSegment(this.#deps, this.#directory, { number, bytes, isAhead: demandedBytes === 0 });
    await this.#deps.writer.openFile(made.path);
    this.#prepared = made;
    // Asked for meanwhile, and maybe for more than was made: the owner asks again.
    if (this.#demandedBytes > 0) {
      this.#demandedBytes = 0;
      this.#deps.clock.defer(() => this.#deps.onReady());
    }
  }

  #check(): void {
    if (this.#checking !== undefined || this.#isClosed) return;
    if (this.#prepared === undefined) return this.#prepare();
    this.#checking = this.#deps.disk
      .space(this.#directory)
      .then(({ freeBytes }) => this.#tellSpace(freeBytes < this.#options.reserveBytes))
      .catch((error: unknown) => this.#deps.log.warn('free disk space can not be read', { error: String(error) }))
      .finally(() => {
        this.#checking = undefined;
      });
  }

  #tellSpace(isNoSpace: boolean): void {
    if (isNoSpace === this.#isNoSpace || this.#isClosed) return;
    this.#isNoSpace = isNoSpace;
    this.#deps.log.warn(
      isNoSpace ? 'free disk space is below the reserve' : 'free disk space is above the reserve again',
      {
        reserveBytes: this.#options.reserveBytes,
      },
    );
    this.#deps.onSpace(isNoSpace);
  }
}
