/**
 * One client that watches: it keeps a watch open on some node, reads it now fast and now slowly, and goes on at another node where it stopped, whenever
 * its node fails it or by a whim. What it was told is kept for the checker.
 */
import { KvorumError } from '@kvorum/protocol';
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { KvService, Watch, WatchBatch } from '@kvorum/server/internal/service/kv-service.js';
import type { Machine } from '../machine/machine.js';
import { chance, exponential, integerIn, pick } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';

export interface WatchClientDeps {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly machines: readonly Machine[];
  readonly log: (who: string, what: string) => void;
}

/** A change as a watch told it. */
export interface SeenEvent {
  readonly revision: number;
  readonly key: string;
  /** Undefined for a delete. */
  readonly value: string | undefined;
}

/** What one watching client was told, in order. */
export interface WatchRecord {
  readonly prefix: string;
  /** The first revision it asked for. */
  readonly fromRevision: number;
  readonly steps: readonly WatchStep[];
}

export type WatchStep =
  /** A batch: everything up to `revision` was delivered. */
  | { readonly kind: 'batch'; readonly revision: number; readonly events: readonly SeenEvent[] }
  /** It was told that it missed what is below this revision. */
  | { readonly kind: 'missed'; readonly compactRevision: number };

/** How often it looks whether its node is still there. */
const LOOK_EVERY_MS = 300;

export class WatchClient {
  readonly name: string;
  /** The client was told of problems that no node may have. */
  readonly bugs: string[] = [];
  resumed = 0;
  readonly #prefix: string;
  readonly #deps: WatchClientDeps;
  readonly #steps: WatchStep[] = [];
  #fromRevision: number | undefined;
  #next = 0;
  /** Counts watches, so that an old one is not listened to. */
  #epoch = 0;
  #watch: Watch | undefined;
  #machine: Machine | undefined;
  #process = 0;
  #isStopped = false;
  /** It stays away for a while by a whim. */
  #isAway = false;

  constructor(name: string, prefix: string, deps: WatchClientDeps) {
    this.name = name;
    this.#prefix = prefix;
    this.#deps = deps;
  }

  start(): void {
    this.#open();
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#epoch += 1;
  }

  get record(): WatchRecord {
    return { prefix: this.#prefix, fromRevision: this.#fromRevision ?? Number.POSITIVE_INFINITY, steps: this.#steps };
  }

  /** Whether all up to `revision` was told to it; asks for that, and stays away no longer. */
  hasReached(revision: number): boolean {
    if (this.#next > revision) return true;
    if (this.#isAway) this.#open();
    this.#watch?.requestProgress();
    return false;
  }

  /** A node that is gone says nothing, not even that. */
  #look(): void {
    this.#deps.queue.after(LOOK_EVERY_MS, () => {
      if (this.#isStopped) return;
      const machine = this.#machine;
      if (machine !== undefined && (!machine.isUp || machine.starts !== this.#process)) this.#openSoon();
      this.#look();
    });
  }

  #openSoon(): void {
    this.#epoch += 1;
    this.#machine = undefined;
    this.#watch = undefined;
    const { queue, random } = this.#deps;
    // Away for long enough, compactions take what it has not seen.
    this.#isAway = chance(random, 0.1);
    const meanMs = this.#isAway ? 3000 : 100;
    queue.after(exponential(random, meanMs), () => this.#open());
  }

  #open(): void {
    this.#isAway = false;
    if (this.#isStopped || this.#machine !== undefined) return;
    const { random, machines, log } = this.#deps;
    const up = machines.filter(({ isUp, misreader }) => isUp && !misreader.hasMisread);
    const machine = up.length === 0 ? undefined : pick(random, up);
    const { node, processor } = machine ?? {};
    if (machine === undefined || node === undefined || processor === undefined) {
      this.#openSoon();
      return;
    }
    this.#machine = machine;
    this.#process = machine.starts;
    const epoch = this.#epoch;
    log(this.name, `watch ${machine.name} from ${this.#next}`);
    const isMine = (): boolean => this.#epoch === epoch && !processor.isDead;
    processor.input(() => void this.#follow(machine, node.kv, isMine));
  }

  /** Reads one watch to its end. Never rejects. */
  async #follow(machine: Machine, kv: KvService, isMine: () => boolean): Promise<void> {
    const { random, queue } = this.#deps;
    try {
      const prefix = new TextEncoder().encode(this.#prefix);
      const watch = await kv.watch({ prefix, fromRevision: this.#next });
      if (!isMine()) {
        watch.close();
        return;
      }
      this.#watch = watch;
      if (this.#fromRevision === undefined) {
        this.#fromRevision = watch.fromRevision;
        this.#next = watch.fromRevision;
      } else {
        this.resumed += 1;
      }
      const isSlow = chance(random, 0.3);
      for await (const batch of watch.batches) {
        // What a wrong state shows until that is found out nobody promises to be right (R14).
        if (!isMine() || machine.misreader.hasMisread) break;
        this.#take(batch);
        if (chance(random, 0.02)) break;
        if (isSlow) await new Promise<void>((resolve) => queue.after(integerIn(random, 1, 400), resolve));
      }
      watch.close();
    } catch (error) {
      if (isMine()) this.#failed(error);
    }
    if (isMine()) this.#openSoon();
  }

  #take({ revision, events }: WatchBatch): void {
    const decoder = new TextDecoder();
    const seen = events.map(({ type, kv }) => ({
      revision: kv.modRevision,
      key: decoder.decode(kv.key),
      value: type === 'put' ? decoder.decode(kv.value) : undefined,
    }));
    this.#steps.push({ kind: 'batch', revision, events: seen });
    this.#next = Math.max(this.#next, revision + 1);
    this.#deps.log(this.name, `told ${revision} ${seen.map((event) => event.revision).join(',')}`);
  }

  #failed(error: unknown): void {
    if (!(error instanceof KvorumError)) {
      this.bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return;
    }
    this.#deps.log(this.name, `failed ${error.code}`);
    const { compactRevision } = error.details;
    if (error.code !== 'COMPACTED' || compactRevision === undefined) return;
    this.#steps.push({ kind: 'missed', compactRevision });
    this.#next = Math.max(this.#next, compactRevision);
  }
}
