/**
 * One client: a mix of registers, compare-and-set, appended lists, reads of one and many keys, now and at old revisions, deletes and compactions, one
 * request after the other. It stays with a node until that fails it.
 */
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { WriteSession } from '@kvorum/server/internal/service/kv-service.js';
import type { Knobs } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { chance, exponential, integerIn, pick } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';
import type { Answer, History, Operation, Request, SeenKey } from './history.js';
import { isWrite, perform } from './perform.js';

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

/** Attempts at one write of a session. */
const ATTEMPTS_MAX = 8;

/** Codes that tell of the request, not of the node that was asked: any other node would say the same. */
const codesOfRequests: ReadonlySet<string> = new Set(['COMPACTED', 'FUTURE_REVISION', 'SESSION_EXPIRED']);

/** One operation on its way, perhaps by several attempts. */
interface Asked {
  readonly operation: Operation;
  readonly kind: Kind;
  readonly session: WriteSession | undefined;
  attempts: number;
  /** An attempt before may have been carried out. */
  mayHaveHappened: boolean;
}

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
  'sessionWrite',
  'sessionRetry',
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
  /** Machines whose last answer to this client was a failure. */
  readonly #failing = new Set<Machine>();
  #isStopped = false;
  #puts = 0;
  readonly #wantsSession: boolean;
  #sessionId: number | undefined;
  #sequence = 0;

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
    this.#wantsSession = chance(random, 0.6);
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
    if (machine === undefined) {
      this.#thinkThenAsk();
      return;
    }
    if (this.#wantsSession && this.#sessionId === undefined) {
      this.#openSession(machine);
      return;
    }
    const { queue, history } = this.#deps;
    const { kind, request } = this.#draw();
    const asked = { client: this.#id, node: machine.id, process: machine.starts, request, invokedMs: queue.nowMs };
    const operation = history.invoke(asked);
    const session = isWrite(request) && request.kind !== 'compact' ? this.#stamp() : undefined;
    this.#send({ operation, kind, session, attempts: 0, mayHaveHappened: false });
  }

  /** One attempt. */
  #send(asked: Asked): void {
    if (this.#isStopped) return;
    const machine = this.#chooseMachine();
    const { node, processor } = machine ?? {};
    const { queue, log } = this.#deps;
    if (machine === undefined || node === undefined || processor === undefined) {
      queue.after(this.#knobs.thinkMs, () => this.#send(asked));
      return;
    }
    const { request } = asked.operation;
    asked.attempts += 1;
    asked.operation.node = machine.id;
    asked.operation.process = machine.starts;
    log(`c${this.#id}`, `ask ${machine.name} ${describe(request)}`);
    let isDone = false;
    const finish = (answer: Answer): void => {
      isDone = true;
      giveUp.cancel();
      this.#judge(machine, answer);
      this.#answered(asked, answer);
    };
    const giveUp = queue.after(GIVE_UP_MS + this.#knobs.requestTimeoutMs, () => {
      log(`c${this.#id}`, 'gave up');
      finish({ kind: 'unknown', code: 'NONE' });
    });
    processor.input(() => {
      void perform(node.kv, request, asked.session).then((answer) => {
        // Nothing of a dead process is heard; it can't run either.
        if (isDone || processor.isDead) return;
        log(`c${this.#id}`, `told ${JSON.stringify(answer)}`);
        finish(trusted(machine, answer));
      });
    });
  }

  #answered(asked: Asked, answer: Answer): void {
    const { operation, kind, session } = asked;
    const isFailed = answer.kind === 'refused' || answer.kind === 'unknown';
    const isUnheard = answer.kind === 'unknown' && answer.code === 'NONE';
    asked.mayHaveHappened ||= answer.kind === 'unknown';
    const isBug = answer.kind === 'refused' && answer.code.startsWith('BUG');
    if (session !== undefined && isFailed && !isBug && asked.attempts < ATTEMPTS_MAX) {
      this.#deps.queue.after(exponential(this.#deps.random, this.#knobs.thinkMs), () => this.#send(asked));
      return;
    }
    if (answer.kind === 'refused' && answer.code === 'SESSION_EXPIRED') this.#sessionId = undefined;
    if (!isUnheard) {
      // What an attempt was refused for tells nothing of those before.
      const told: Answer =
        answer.kind === 'refused' && asked.mayHaveHappened ? { kind: 'unknown', code: answer.code } : answer;
      this.#deps.history.answer(operation, told, this.#deps.queue.nowMs);
      this.#learn(operation);
    }
    if (!isFailed) this.#count(kind, asked);
    this.#thinkThenAsk();
  }

  #count(kind: Kind, { session, attempts }: Asked): void {
    const { onDone } = this.#deps;
    onDone(workloadOf[kind]);
    if (session !== undefined) onDone(attempts > 1 ? 'sessionRetry' : 'sessionWrite');
  }

  /** A session for the writes of this client; without one it asks again soon. */
  #openSession(machine: Machine): void {
    const { node, processor } = machine;
    const { queue, log } = this.#deps;
    let isDone = false;
    const finish = (): void => {
      if (isDone) return;
      isDone = true;
      giveUp.cancel();
      if (this.#sessionId === undefined) this.#leave(machine);
      this.#thinkThenAsk();
    };
    const giveUp = queue.after(GIVE_UP_MS, finish);
    processor?.input(() => {
      void node?.kv.openSession().then(
        ({ id }) => {
          if (isDone || processor.isDead) return;
          log(`c${this.#id}`, `session ${id}`);
          this.#sessionId = id;
          this.#sequence = 0;
          finish();
        },
        () => finish(),
      );
    });
  }

  #stamp(): WriteSession | undefined {
    if (this.#sessionId === undefined) return undefined;
    this.#sequence += 1;
    return { id: this.#sessionId, sequence: this.#sequence, firstUnacknowledged: this.#sequence };
  }

  #chooseMachine(): Machine | undefined {
    const { random, machines, isQuiet } = this.#deps;
    if (this.#machine?.isUp !== true || chance(random, 0.02)) {
      const up = machines.filter(({ isUp }) => isUp);
      // Otherwise it would wait, most of the time, at a replica that was removed and does not know it.
      const sound = isQuiet() ? up.filter((machine) => !this.#failing.has(machine)) : [];
      this.#machine = up.length === 0 ? undefined : pick(random, sound.length === 0 ? up : sound);
    }
    return this.#machine;
  }

  /** Whether to go on asking this machine. */
  #judge(machine: Machine, answer: Answer): void {
    const isFailed = answer.kind === 'refused' || answer.kind === 'unknown';
    if (isFailed && !codesOfRequests.has(answer.code)) this.#leave(machine);
    else this.#failing.delete(machine);
  }

  #leave(machine: Machine): void {
    this.#failing.add(machine);
    this.#machine = undefined;
  }

  #learn({ request, answer }: Operation): void {
    if (answer.kind === 'unknown' || answer.kind === 'refused') return;
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
