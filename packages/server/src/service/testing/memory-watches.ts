/** Watches of the KvService in memory: every watch looks through all events when something happens. */
import { Buffer } from 'node:buffer';
import { KvorumError } from '@kvorum/protocol';
import type { Watch, WatchBatch, WatchEvent, WatchOptions } from '../kv-service.js';

interface Run {
  readonly options: WatchOptions;
  /** The first revision that was not told. */
  next: number;
  isClosed: boolean;
  isProgressAsked: boolean;
}

/** What watches need of the service. */
export interface MemoryWatchesDeps {
  readonly revision: () => number;
  readonly compactRevision: () => number;
  /** Called before each look for a batch. */
  readonly gate: (options: WatchOptions) => Promise<void> | undefined;
}

/** One per service. */
export class MemoryWatches {
  /** Watches that were opened and not yet left. */
  open = 0;
  readonly #events: WatchEvent[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #deps: MemoryWatchesDeps;

  constructor(deps: MemoryWatchesDeps) {
    this.#deps = deps;
  }

  /** Something was written. */
  add(event: WatchEvent): void {
    this.#events.push(event);
    this.wake();
  }

  /** Lets all watches look anew. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  watch(options: WatchOptions): Watch {
    const asked = options.fromRevision ?? 0;
    const fromRevision = asked === 0 ? this.#deps.revision() + 1 : asked;
    this.#checkCompacted(fromRevision);
    const run: Run = { options, next: fromRevision, isClosed: false, isProgressAsked: false };
    this.open += 1;
    return {
      fromRevision,
      batches: this.#batches(run),
      requestProgress: () => {
        run.isProgressAsked = true;
        this.wake();
      },
      close: () => this.#close(run),
    };
  }

  async *#batches(run: Run): AsyncGenerator<WatchBatch> {
    try {
      for (;;) {
        await this.#deps.gate(run.options);
        if (run.isClosed) return;
        this.#checkCompacted(run.next);
        const events = this.#events.filter(({ kv }) => kv.modRevision >= run.next).flatMap((event) => seen(run, event));
        if (events.length > 0 || run.isProgressAsked) {
          const revision = this.#deps.revision();
          run.next = Math.max(run.next, revision + 1);
          run.isProgressAsked = false;
          yield { revision, events, isFragment: false };
        } else {
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
      }
    } finally {
      this.#close(run);
    }
  }

  #checkCompacted(revision: number): void {
    const compactRevision = this.#deps.compactRevision();
    if (revision >= compactRevision) return;
    const message = `events before revision ${compactRevision} were compacted away`;
    throw new KvorumError('COMPACTED', message, { field: 'fromRevision', compactRevision });
  }

  #close(run: Run): void {
    if (!run.isClosed) this.open -= 1;
    run.isClosed = true;
    this.wake();
  }
}

/** The event as the watch wants it; none when it does not. */
function seen({ options }: Run, event: WatchEvent): WatchEvent[] {
  const name = nameOf(event.kv.key);
  const { key, prefix, range, only, prevKv } = options;
  if (only !== undefined && only !== event.type) return [];
  if (key !== undefined && name !== nameOf(key)) return [];
  if (prefix !== undefined && !name.startsWith(nameOf(prefix))) return [];
  if (range !== undefined && name < nameOf(range.start)) return [];
  if (range?.end !== undefined && name >= nameOf(range.end)) return [];
  return [prevKv === true ? event : { ...event, prevKv: undefined }];
}

/** One character per byte keeps the order of bytes. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
