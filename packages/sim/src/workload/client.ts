/** One client that asks nodes' services itself, one request after the other. It stays with a node until that fails it. */
import type { Random } from '@kvorum/server/internal/env/env.js';
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import type { WriteSession } from '@kvorum/server/internal/service/kv-service.js';
import type { Knobs } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { chance, exponential, pick } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';
import type { Answer, History, Operation, Request } from './history.js';
import { isWrite, perform } from './perform.js';
import { type Kind, RequestSource, type Workload, workloadOf } from './requests.js';

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

/** A client whose node has gone away waits so long for an answer. */
const GIVE_UP_MS = 6000;
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

export class Client {
  readonly #id: number;
  readonly #deps: ClientDeps;
  readonly #knobs: Knobs;
  readonly #requests: RequestSource;
  #machine: Machine | undefined;
  /** Machines whose last answer to this client was a failure. */
  readonly #failing = new Set<Machine>();
  #isStopped = false;
  readonly #wantsSession: boolean;
  #sessionId: number | undefined;
  #sequence = 0;

  constructor(id: number, deps: ClientDeps, knobs: Knobs) {
    this.#id = id;
    this.#deps = deps;
    this.#knobs = knobs;
    const { random } = deps;
    this.#requests = new RequestSource(id, random, knobs);
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
    const { kind, request } = this.#requests.draw();
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
      this.#judge(machine, request, answer);
      this.#answered(asked, answer, isFollower(machine));
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

  #answered(asked: Asked, answer: Answer, isFollower: boolean): void {
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
      this.#requests.learn(operation);
    }
    if (!isFailed) this.#count(kind, asked, isFollower);
    this.#thinkThenAsk();
  }

  #count(kind: Kind, { session, attempts }: Asked, isFollower: boolean): void {
    const { onDone } = this.#deps;
    onDone(workloadOf[kind]);
    if (kind === 'bounded' && isFollower) onDone('boundedFollowerRead');
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
  #judge(machine: Machine, request: Request, answer: Answer): void {
    const isFailed = answer.kind === 'refused' || answer.kind === 'unknown';
    // Who only wants news that the node has not got stays: it is there that others may be told what is old.
    const wantsNews = 'maxStalenessMs' in request && isFailed && answer.code === 'UNAVAILABLE';
    if (isFailed && !wantsNews && !codesOfRequests.has(answer.code)) this.#leave(machine);
    else this.#failing.delete(machine);
  }

  #leave(machine: Machine): void {
    this.#failing.add(machine);
    this.#machine = undefined;
  }
}

/** Whether the machine answers for a shard that another one leads. */
function isFollower({ shards }: Machine): boolean {
  return shards?.shard(defaultShard)?.replica.isLeader === false;
}

/** What a machine with a wrong state shows until that is found out is no answer: nobody promises that it is right (R14). */
function trusted({ misreader }: Machine, answer: Answer): Answer {
  return misreader.hasMisread && answer.kind === 'seen' ? { kind: 'refused', code: 'FROM_WRONG_STATE' } : answer;
}

function describe(request: Request): string {
  return JSON.stringify(request);
}
