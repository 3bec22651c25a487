/**
 * One client: a mix of registers, compare-and-set, appended lists, reads of one and many keys, now and at old revisions, deletes and compactions, one
 * request after the other. It stays with a node until that fails it.
 */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Knobs } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { chance, exponential, integerIn, pick } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';
import type { Answer, History, Operation, Request, SeenKey } from './history.js';
import { perform } from './perform.js';

export interface ClientDeps {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly history: History;
  readonly machines: readonly Machine[];
  readonly log: (who: string, what: string) => void;
  /** Whether too little has happened in the run up to now: then clients think less. */
  readonly isQuiet: () => boolean;
  /** An operation was acknowledged. */
  readonly onDone: (workload: Workload) => void;
}

/** Clients in a hurry think for so much of their time. */
const HURRIED_SHARE = 0.02;

/** A list that is appended to is begun anew at this length. */
const LIST_CHARS_MAX = 200;
/** A client whose node has gone away waits so long for an answer. */
const GIVE_UP_MS = 6000;
/** Compactions leave so many revisions, at most. */
const COMPACT_BEHIND_MAX = 300;

type Kind = 'put' | 'cas' | 'append' | 'get' | 'list' | 'old' | 'delete' | 'compact';

type Mix = readonly (readonly [weight: number, kind: Kind])[];

/** Whose acknowledged operations are counted, under these names. */
export const workloads = [
  'register',
  'compareAndSet',
  'listAppend',
  'multiKeyRead',
  'oldRevisionRead',
  'delete',
  'compaction',
] as const;

export type Workload = (typeof workloads)[number];

const workloadOf: Readonly<Record<Kind, Workload>> = {
  put: 'register',
  get: 'register',
  cas: 'compareAndSet',
  append: 'listAppend',
  list: 'multiKeyRead',
  old: 'oldRevisionRead',
  delete: 'delete',
  compact: 'compaction',
};

export class Client {
  readonly #id: number;
  readonly #deps: ClientDeps;
  readonly #knobs: Knobs;
  readonly #mix: Mix;
  /** What this client saw of the keys last. */
  readonly #seen = new Map<string, SeenKey>();
  #newestRevision = 1;
  #machine: Machine | undefined;
  #isStopped = false;
  #puts = 0;

  constructor(id: number, deps: ClientDeps, knobs: Knobs) {
    this.#id = id;
    this.#deps = deps;
    this.#knobs = knobs;
    const { random } = deps;
    this.#mix = [
      [integerIn(random, 2, 8), 'put'],
      [integerIn(random, 1, 4), 'cas'],
      [integerIn(random, 0, 4), 'append'],
      [integerIn(random, 2, 8), 'get'],
      [integerIn(random, 0, 2), 'list'],
      [integerIn(random, 0, 2), 'old'],
      [integerIn(random, 0, 3), 'delete'],
      [chance(random, 0.5) ? 0.2 : 0, 'compact'],
    ];
  }

  start(): void {
    this.#thinkThenAsk();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #thinkThenAsk(): void {
    const { queue, random, isQuiet } = this.#deps;
    const meanMs = this.#knobs.thinkMs * (isQuiet() ? HURRIED_SHARE : 1);
    queue.after(exponential(random, meanMs), () => this.#ask());
  }

  #ask(): void {
    if (this.#isStopped) return;
    const machine = this.#chooseMachine();
    const { node, processor } = machine ?? {};
    if (machine === undefined || node === undefined || processor === undefined) {
      this.#thinkThenAsk();
      return;
    }
    const { queue, history, log } = this.#deps;
    const { kind, request } = this.#draw();
    const asked = { client: this.#id, node: machine.id, process: machine.starts, request, invokedMs: queue.nowMs };
    const operation = history.invoke(asked);
    log(`c${this.#id}`, `ask ${machine.name} ${describe(request)}`);
    let isDone = false;
    const giveUp = queue.after(GIVE_UP_MS + this.#knobs.requestTimeoutMs, () => {
      if (isDone) return;
      isDone = true;
      log(`c${this.#id}`, 'gave up');
      this.#machine = undefined;
      this.#thinkThenAsk();
    });
    processor.input(() => {
      void perform(node.kv, request).then((answer) => {
        // Nothing of a dead process is heard; it can't run either.
        if (isDone || processor.isDead) return;
        isDone = true;
        giveUp.cancel();
        history.answer(operation, trusted(machine, answer), queue.nowMs);
        log(`c${this.#id}`, `told ${JSON.stringify(answer)}`);
        this.#learn(operation);
        if (answer.kind !== 'refused' && answer.kind !== 'unknown') this.#deps.onDone(workloadOf[kind]);
        this.#thinkThenAsk();
      });
    });
  }

  #chooseMachine(): Machine | undefined {
    const { random, machines } = this.#deps;
    if (this.#machine?.isUp !== true || chance(random, 0.02)) {
      const up = machines.filter(({ isUp }) => isUp);
      this.#machine = up.length === 0 ? undefined : pick(random, up);
    }
    return this.#machine;
  }

  #learn({ request, answer }: Operation): void {
    if (answer.kind === 'unknown' || answer.kind === 'refused') {
      this.#machine = undefined;
      return;
    }
    if ('revision' in answer && !('revision' in request)) {
      this.#newestRevision = Math.max(this.#newestRevision, answer.revision);
    }
    if (request.kind === 'put' && answer.kind === 'written') {
      const { revision: modRevision, createRevision, version } = answer;
      this.#seen.set(request.key, { key: request.key, value: request.value, modRevision, createRevision, version });
    }
    if (request.kind === 'get' && answer.kind === 'seen' && answer.keys.length === 0) this.#seen.delete(request.key);
    if (answer.kind === 'seen') for (const key of answer.keys) this.#seen.set(key.key, key);
    if (answer.kind === 'conditionFailed' && request.kind !== 'compact' && 'key' in request) {
      this.#seen.delete(request.key);
    }
  }

  #draw(): { readonly kind: Kind; readonly request: Request } {
    const { random } = this.#deps;
    const key = `k${integerIn(random, 0, this.#knobs.keys - 1)}`;
    const isSerializable = chance(random, 0.15);
    const kind = weighted(random, this.#mix);
    return { kind, request: this.#requestOf(kind, key, isSerializable) };
  }

  #requestOf(kind: Kind, key: string, isSerializable: boolean): Request {
    const { random } = this.#deps;
    const known = this.#seen.get(key);
    switch (kind) {
      case 'put':
        return { kind: 'put', key, value: this.#value('') };
      case 'cas':
        if (known === undefined) return { kind: 'put', key, value: this.#value(''), ifAbsent: true };
        return { kind: 'put', key, value: this.#value(''), ifModRevision: known.modRevision };
      case 'append': {
        if (known === undefined) return { kind: 'get', key, isSerializable: false };
        const list = known.value.startsWith('[') && known.value.length < LIST_CHARS_MAX ? known.value : '[';
        return { kind: 'put', key, value: this.#value(list), ifModRevision: known.modRevision };
      }
      case 'get':
        return { kind: 'get', key, isSerializable };
      case 'list': {
        if (chance(random, 0.2)) return { kind: 'count', prefix: 'k' };
        return { kind: 'list', prefix: chance(random, 0.5) ? 'k' : key.slice(0, 2), isSerializable };
      }
      case 'old': {
        const revision = Math.max(1, this.#newestRevision - integerIn(random, 0, 100));
        if (chance(random, 0.5)) return { kind: 'get', key, isSerializable, revision };
        return { kind: 'list', prefix: 'k', isSerializable, revision };
      }
      case 'delete':
        if (known !== undefined && chance(random, 0.4))
          return { kind: 'delete', key, ifModRevision: known.modRevision };
        return { kind: 'delete', key };
      case 'compact':
        return {
          kind: 'compact',
          revision: Math.max(1, this.#newestRevision - integerIn(random, 0, COMPACT_BEHIND_MAX)),
        };
    }
  }

  /** A value that no other write has. */
  #value(list: string): string {
    this.#puts += 1;
    const { random } = this.#deps;
    const mark = `${list}${this.#id}.${this.#puts},`;
    const bytes = list === '' && chance(random, 0.3) ? integerIn(random, 0, this.#knobs.valueBytesMax) : 0;
    return mark + 'x'.repeat(bytes);
  }
}

/** What a machine with a wrong state shows until that is found out is no answer: nobody promises that it is right (R14). */
function trusted({ misreader }: Machine, answer: Answer): Answer {
  return misreader.hasMisread && answer.kind === 'seen' ? { kind: 'refused', code: 'FROM_WRONG_STATE' } : answer;
}

function weighted<T>(random: Random, options: readonly (readonly [number, T])[]): T {
  let left = random.float() * options.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, option] of options) {
    left -= weight;
    if (left < 0) return option;
  }
  throw new RangeError('no weight');
}

function describe(request: Request): string {
  return JSON.stringify(request);
}
