/**
 * What a client asks: a mix of registers, compare-and-set, appended lists, reads of one and many keys, now, at old revisions and with a bound for their age, deletes and compactions,
 * drawn from a stream of its own and from what it has seen.
 */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Knobs } from '../knobs.js';
import { chance, integerIn, spread } from '../world/chance.js';
import type { Answer, Operation, Request, SeenKey } from './history.js';

/** A list that is appended to is begun anew at this length. */
const LIST_CHARS_MAX = 200;
/** Bounds for the age of what a read shows, in heartbeats: from what is met only just now and then to what is met nearly always. */
const BOUND_HEARTBEATS = [0.5, 10] as const;
/** Compactions leave so many revisions, at most. */
const COMPACT_BEHIND_MAX = 300;

export type Kind = 'put' | 'cas' | 'append' | 'get' | 'list' | 'old' | 'bounded' | 'delete' | 'compact';

type Mix = readonly (readonly [weight: number, kind: Kind])[];

/** Whose acknowledged operations are counted, under these names. */
export const workloads = [
  'register',
  'compareAndSet',
  'listAppend',
  'multiKeyRead',
  'oldRevisionRead',
  'boundedRead',
  'boundedFollowerRead',
  'delete',
  'compaction',
  'sessionWrite',
  'sessionRetry',
  'apiCall',
] as const;

export type Workload = (typeof workloads)[number];

export const workloadOf: Readonly<Record<Kind, Workload>> = {
  put: 'register',
  get: 'register',
  cas: 'compareAndSet',
  append: 'listAppend',
  list: 'multiKeyRead',
  old: 'oldRevisionRead',
  bounded: 'boundedRead',
  delete: 'delete',
  compact: 'compaction',
};

/** A request, and as what it is counted. */
export interface Drawn {
  readonly kind: Kind;
  readonly request: Request;
}

export class RequestSource {
  readonly #client: number;
  readonly #random: Random;
  readonly #knobs: Knobs;
  readonly #mix: Mix;
  /** What this client saw of the keys last. */
  readonly #seen = new Map<string, SeenKey>();
  /** It can't count or compact. */
  readonly #isApi: boolean;
  #newestRevision = 1;
  #puts = 0;

  constructor(client: number, random: Random, knobs: Knobs, { isApi = false }: { readonly isApi?: boolean } = {}) {
    this.#client = client;
    this.#isApi = isApi;
    this.#random = random;
    this.#knobs = knobs;
    this.#mix = [
      [integerIn(random, 2, 8), 'put'],
      [integerIn(random, 1, 4), 'cas'],
      [integerIn(random, 0, 4), 'append'],
      [integerIn(random, 2, 8), 'get'],
      [integerIn(random, 0, 2), 'list'],
      [integerIn(random, 0, 2), 'old'],
      [integerIn(random, 0, 3), 'delete'],
      [chance(random, 0.5) && !isApi ? 0.2 : 0, 'compact'],
      [drawBoundedWeight(random, knobs), 'bounded'],
    ];
  }

  /** What the answer shows is what further requests build upon. */
  learn({ request, answer }: Operation): void {
    if (answer.kind === 'unknown' || answer.kind === 'refused') return;
    if ('revision' in answer && !('revision' in request)) {
      this.#newestRevision = Math.max(this.#newestRevision, answer.revision);
    }
    if (request.kind === 'put' && answer.kind === 'written') {
      const { revision: modRevision, createRevision, version } = answer;
      this.#seen.set(request.key, { key: request.key, value: request.value, modRevision, createRevision, version });
    }
    if (request.kind === 'get' && isNothing(answer)) this.#seen.delete(request.key);
    if (answer.kind === 'seen') for (const key of answer.keys) this.#seen.set(key.key, key);
    if (answer.kind === 'conditionFailed' && request.kind !== 'compact' && 'key' in request) {
      this.#seen.delete(request.key);
    }
  }

  draw(): Drawn {
    const random = this.#random;
    const key = `k${integerIn(random, 0, this.#knobs.keys - 1)}`;
    const isSerializable = chance(random, 0.15);
    const kind = weighted(random, this.#mix);
    return { kind, request: this.#requestOf(kind, key, isSerializable) };
  }

  #requestOf(kind: Kind, key: string, isSerializable: boolean): Request {
    const random = this.#random;
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
        if (chance(random, 0.2) && !this.#isApi) return { kind: 'count', prefix: 'k' };
        return { kind: 'list', prefix: chance(random, 0.5) ? 'k' : key.slice(0, 2), isSerializable };
      }
      case 'old': {
        const revision = Math.max(1, this.#newestRevision - integerIn(random, 0, 100));
        if (chance(random, 0.5)) return { kind: 'get', key, isSerializable, revision };
        return { kind: 'list', prefix: 'k', isSerializable, revision };
      }
      case 'bounded': {
        const maxStalenessMs = Math.ceil(this.#knobs.heartbeatMs * spread(random, ...BOUND_HEARTBEATS));
        const read = { isSerializable: true, maxStalenessMs } as const;
        return chance(random, 0.8) ? { kind: 'get', key, ...read } : { kind: 'list', prefix: 'k', ...read };
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
    const random = this.#random;
    const mark = `${list}${this.#client}.${this.#puts},`;
    const bytes = list === '' && chance(random, 0.3) ? integerIn(random, 0, this.#knobs.valueBytesMax) : 0;
    return mark + 'x'.repeat(bytes);
  }
}

/** Clients that hardly do anything else don't wait for slow links: they are the ones who see what a node behind one believes. */
function drawBoundedWeight(random: Random, { boundedReaders }: Knobs): number {
  if (boundedReaders === 0) return 0;
  return chance(random, boundedReaders) ? 20 : integerIn(random, 0, 3);
}

function isNothing(answer: Answer): boolean {
  return answer.kind === 'absent' || (answer.kind === 'seen' && answer.keys.length === 0);
}

function weighted<T>(random: Random, options: readonly (readonly [number, T])[]): T {
  let left = random.float() * options.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, option] of options) {
    left -= weight;
    if (left < 0) return option;
  }
  throw new RangeError('no weight');
}
