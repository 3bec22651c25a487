/** One shard without Raft, its watches, and a plain model of its history, moved on turn by turn. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { buildBatch } from '@kvorum/core/kv/entry-codec.js';
import type { StateMachine } from '@kvorum/core/kv/state-machine.js';
import { MemoryStore } from '@kvorum/core/kv/testing/memory-store.js';
import { KvorumError } from '@kvorum/protocol';
import { ManualClock } from '../../../env/testing/manual-clock.js';
import type { FailureReason } from '../../../shard/outcome.js';
import type { Watch, WatchBatch, WatchEvent, WatchOptions } from '../../kv-service.js';
import { openWatch } from '../open-watch.js';
import { WatchHub } from '../watch-hub.js';

const machineOptions = { ringBytesMax: 2 << 20, sliceKeysMax: 50 };

export class WatchRig {
  readonly clock = new ManualClock({ isStepped: true });
  readonly hub: WatchHub;
  store = new MemoryStore();
  machine: StateMachine = this.store.open(machineOptions);
  unreadable: FailureReason | undefined;
  isInTouch = true;
  private readonly listeners = new Set<() => void>();

  constructor() {
    this.hub = new WatchHub({
      clock: this.clock,
      shard: {
        machine: () => this.unreadable ?? this.machine,
        isInTouch: () => this.isInTouch,
        onChange: (listener) => {
          this.listeners.add(listener);
          return () => this.listeners.delete(listener);
        },
        foundCorrupt: () => assert.fail('nothing is corrupt'),
      },
    });
  }

  /** Applies one entry. */
  apply(...commands: readonly Uint8Array[]): void {
    const { machine } = this;
    const entry = buildBatch({ shardTimeMs: 0, wallClockMs: 0 }, commands);
    let result = machine.apply(entry, machine.appliedIndex + 1, 1);
    while (result.status === 'more') result = machine.applyMore();
    this.changed();
  }

  flush(): void {
    const cut = this.machine.cutFlush();
    this.store.commit(cut);
    this.machine.flushDone(cut);
  }

  /** The state is another object, made from the store, as after an installed snapshot: nothing of its history is in memory. */
  replaceMachine(): void {
    this.flush();
    this.store = this.store.fork();
    this.machine = this.store.open(machineOptions);
    this.changed();
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  open(options: WatchOptions = {}): TestReader {
    return new TestReader(openWatch(this.hub, options), options);
  }

  /** One loop turn, and what readers do then. */
  async turn(): Promise<void> {
    this.clock.runDeferred();
    await settled();
  }

  /** Turns, so many that all there is to do is done. */
  async rest(turns = 50): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await this.turn();
  }
}

/** Lets promises that are settled run. */
export async function settled(): Promise<void> {
  for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
}

/** Reads a watch one batch at a time, when told to, and keeps all that came. */
export class TestReader {
  readonly watch: Watch;
  readonly options: WatchOptions;
  readonly events: WatchEvent[] = [];
  readonly batches: WatchBatch[] = [];
  failure: KvorumError | undefined;
  hasEnded = false;
  private readonly iterator: AsyncIterator<WatchBatch>;
  private isReading = false;

  constructor(watch: Watch, options: WatchOptions) {
    this.watch = watch;
    this.options = options;
    this.iterator = watch.batches[Symbol.asyncIterator]();
  }

  /** A batch was asked for and has not come. */
  get isWaiting(): boolean {
    return this.isReading;
  }

  /** Everything up to here was delivered. */
  get revision(): number {
    return Math.max(this.watch.fromRevision - 1, this.batches.at(-1)?.revision ?? 0);
  }

  /** Asks for one more batch, if none is asked for. */
  read(): void {
    if (this.isReading || this.hasEnded) return;
    this.isReading = true;
    this.iterator.next().then(
      (next) => {
        this.isReading = false;
        if (next.done === true) this.hasEnded = true;
        else this.take(next.value);
      },
      (error: unknown) => {
        this.isReading = false;
        this.hasEnded = true;
        assert.ok(error instanceof KvorumError, String(error));
        this.failure = error;
      },
    );
  }

  private take(batch: WatchBatch): void {
    this.batches.push(batch);
    this.events.push(...batch.events);
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An event in one line. */
export function show({ type, kv, prevKv }: WatchEvent): string {
  const before = prevKv === undefined ? '' : ` before ${text(prevKv.value)}@${prevKv.modRevision}`;
  return `${kv.modRevision} ${type} ${text(kv.key)}${type === 'put' ? ` ${text(kv.value)}` : ''}${before}`;
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1');
}
