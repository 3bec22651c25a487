/**
 * An application that watches with the real client, now slowly: losses of nodes and connections are the client's affair, and it only begins anew where it
 * stopped by a whim, or after it was told that what it wanted is compacted away. What it was told is kept for the checker.
 */
import { type Client, ClientError, type WatchBatch } from '@kvorum/client';
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Processor } from '../machine/processor.js';
import type { WatchRecord, WatchStep } from '../workload/watch-client.js';
import { chance, exponential, integerIn } from '../world/chance.js';

export interface ApiWatchDeps {
  readonly client: Client;
  readonly processor: Processor;
  readonly random: Random;
  readonly log: (what: string) => void;
}

/** Of what it is told, so often it begins anew. */
const WHIM_SHARE = 0.01;
/** Errors of nodes, after which it asks again: many in a row of them reach the application. */
const PASSING: ReadonlySet<string> = new Set(['CORRUPT']);

export class ApiWatch {
  readonly name: string;
  /** It was told of problems that no client may have. */
  readonly bugs: string[] = [];
  /** Times that it began anew; what the client does by itself is not seen. */
  resumed = 0;
  readonly #prefix: string;
  readonly #deps: ApiWatchDeps;
  readonly #steps: WatchStep[] = [];
  #fromRevision: number | undefined;
  #next = 0;
  #isStopped = false;
  #isHurried = false;

  constructor(name: string, prefix: string, deps: ApiWatchDeps) {
    this.name = name;
    this.#prefix = prefix;
    this.#deps = deps;
  }

  start(): void {
    this.#deps.processor.input(() => void this.#followAll());
  }

  stop(): void {
    this.#isStopped = true;
    this.#deps.processor.input(() => void this.#deps.client.close());
  }

  get record(): WatchRecord {
    return { prefix: this.#prefix, fromRevision: this.#fromRevision ?? Number.POSITIVE_INFINITY, steps: this.#steps };
  }

  /** Whether all up to `revision` was told to it; from now on it reads as fast as it can. */
  hasReached(revision: number): boolean {
    this.#isHurried = true;
    return this.#next > revision;
  }

  /** Never rejects. */
  async #followAll(): Promise<void> {
    const { processor, random } = this.#deps;
    while (!this.#isStopped && this.bugs.length === 0) {
      try {
        await this.#follow();
      } catch (error) {
        this.#failed(error);
      }
      this.resumed += 1;
      await new Promise<void>((resolve) => processor.setTimer(exponential(random, 100), resolve));
    }
  }

  /** One watch, to its end. */
  async #follow(): Promise<void> {
    const { client, processor, random } = this.#deps;
    const prefix = this.#prefix === '' ? {} : { prefix: this.#prefix };
    const watch = client.watch({ ...prefix, fromRevision: this.#next, progress: true });
    const from = await watch.started();
    if (this.#fromRevision === undefined) {
      this.#fromRevision = from;
      this.#next = from;
    } else if (from !== this.#next && this.#next > 0) this.bugs.push(`asked from ${this.#next} on, begun at ${from}`);
    const isSlow = chance(random, 0.3);
    for await (const batch of watch) {
      this.#take(batch);
      if (chance(random, WHIM_SHARE)) break;
      if (!isSlow || this.#isHurried || chance(random, 0.8)) continue;
      await new Promise<void>((resolve) => processor.setTimer(integerIn(random, 1, 400), resolve));
    }
  }

  #take({ revision, events }: WatchBatch): void {
    const decoder = new TextDecoder();
    const seen = events.map((event) => ({
      revision: event.revision,
      key: decoder.decode(event.key),
      value: event.type === 'put' ? event.kv?.text() : undefined,
    }));
    this.#steps.push({ kind: 'batch', revision, events: seen });
    this.#next = Math.max(this.#next, revision + 1);
    this.#deps.log(`told ${revision} ${seen.map((event) => event.revision).join(',')}`);
  }

  #failed(error: unknown): void {
    if (this.#isStopped && error instanceof ClientError && error.code === 'CANCELLED') return;
    this.#deps.log(`failed ${error instanceof ClientError ? error.code : 'by a bug'}`);
    if (error instanceof ClientError && error.code === 'COMPACTED' && error.compactRevision !== undefined) {
      this.#steps.push({ kind: 'missed', compactRevision: error.compactRevision });
      this.#next = Math.max(this.#next, error.compactRevision);
    } else if (!(error instanceof ClientError) || !PASSING.has(error.code)) {
      this.bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
}
