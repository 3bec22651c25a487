/** A client of a power-cut test: one request at a time on keys of its own, through any node that runs. */
import { KvorumError } from '@kvorum/protocol';
import type { Clock, Random } from '../../env/env.js';
import { below } from '../../env/testing/seeded-random.js';
import type { KvorumNode } from '../../node.js';
import type { KeyValue } from '../../service/kv-service.js';
import { type Held, type KeptWrites, Violation } from './kept-writes.js';
import type { ProcessLife } from './machine.js';

export interface WriterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly kept: KeptWrites;
  /** Processes that run now, started or not. */
  readonly lives: () => readonly ProcessLife[];
}

const keysOfWriter = 6;
const valueBytesMax = 900;
const pauseMsMax = 12;
/** A compaction keeps about this many revisions. */
const keptRevisions = 60;

export class Writer {
  /** The first broken promise this client saw. */
  violation: Violation | undefined;
  readonly #deps: WriterDeps;
  readonly #name: string;
  #count = 0;
  #isStopping = false;
  #running: Promise<void> | undefined;

  constructor(deps: WriterDeps, name: string) {
    this.#deps = deps;
    this.#name = name;
  }

  start(): void {
    this.#isStopping = false;
    this.#running = this.#run().catch((error: unknown) => {
      this.violation = error instanceof Violation ? error : new Violation('ended', `${this.#name}: ${String(error)}`);
    });
  }

  /** No further request; resolves when the last one has its answer or its process is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#pause();
      const { random } = this.#deps;
      const lives = this.#deps.lives().filter(({ node }) => node !== undefined);
      const life = lives[below(random, lives.length)];
      if (life?.node === undefined || this.#isStopping) continue;
      await this.#request(life, life.node);
    }
  }

  #pause(): Promise<void> {
    const { clock, random } = this.#deps;
    return new Promise((resolve) => clock.setTimer(1 + below(random, pauseMsMax), resolve));
  }

  async #request(life: ProcessLife, node: KvorumNode): Promise<void> {
    const { random, kept } = this.#deps;
    const key = `${this.#name}/${below(random, keysOfWriter)}`;
    const chance = below(random, 60);
    if (chance === 0) return this.#compact(life, node);
    if (!kept.isSettled(key)) return;
    if (chance < 6) return this.#read(life, node, key);
    if (chance < 14) return this.#delete(life, node, key);
    return this.#put(life, node, key);
  }

  async #put(life: ProcessLife, node: KvorumNode, key: string): Promise<void> {
    const { random, kept } = this.#deps;
    const text = `${key}#${(this.#count += 1)} ${'.'.repeat(below(random, valueBytesMax))}`;
    const held = kept.held(key);
    const condition = held === undefined ? { ifAbsent: true } : { ifModRevision: held.revision };
    const options = below(random, 2) === 0 ? condition : {};
    kept.sent(key, text);
    const result = await this.#answer(life, key, node.put(key, text, options));
    if (result !== undefined) kept.wasPut(key, text, result);
  }

  async #delete(life: ProcessLife, node: KvorumNode, key: string): Promise<void> {
    const { kept } = this.#deps;
    kept.sent(key, undefined);
    const result = await this.#answer(life, key, node.delete(key));
    if (result !== undefined) kept.wasDeleted(key, result);
  }

  async #read(life: ProcessLife, node: KvorumNode, key: string): Promise<void> {
    const result = await this.#answer(life, undefined, node.get(key));
    if (result !== undefined) this.#deps.kept.wasRead(key, heldOf(result.kv));
  }

  async #compact(life: ProcessLife, node: KvorumNode): Promise<void> {
    const { random, kept } = this.#deps;
    const revision = kept.newestRevision - below(random, keptRevisions);
    if (revision <= kept.compactAsked) return;
    kept.compactAsked = revision;
    const result = await this.#answer(life, undefined, node.kv.compact(revision));
    if (result !== undefined) kept.compacted = Math.max(kept.compacted, revision);
  }

  /** The answer that reached this client; undefined when there is none or it is an error. `key` is that of a write. */
  async #answer<T>(life: ProcessLife, key: string | undefined, request: Promise<T>): Promise<T | undefined> {
    const { kept } = this.#deps;
    try {
      const result = await Promise.race([request, life.killed.then(() => undefined)]);
      if (life.isAlive && result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof KvorumError)) throw error;
      if (error.code === 'CONDITION_FAILED') throw new Violation('lost', `${key ?? ''}: ${error.message}`);
      if (life.isAlive && key !== undefined && error.details.mayHaveHappened === false) {
        kept.refused(key);
        return undefined;
      }
    }
    if (key !== undefined) kept.unknown += 1;
    return undefined;
  }
}

const utf8 = new TextDecoder();

/** A key as a node tells it. */
export function heldOf(kv: KeyValue | undefined): Held | undefined {
  return kv === undefined ? undefined : { text: utf8.decode(kv.value), revision: kv.modRevision, version: kv.version };
}
