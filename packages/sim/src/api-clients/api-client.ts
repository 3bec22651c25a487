/**
 * An application with the real client, in a process of its own: it makes calls, some at once, and writes down what it is told, one operation per call, however
 * often the client asked for it. Which node answered it can't know.
 */
import type { Client } from '@kvorum/client';
import type { Random } from '@kvorum/server/internal/env/env.js';
import type { Network } from '@kvorum/server/internal/env/network.js';
import type { Knobs } from '../knobs.js';
import type { Processor } from '../machine/processor.js';
import type { Answer, History } from '../workload/history.js';
import { type Drawn, RequestSource, type Workload, workloadOf } from '../workload/requests.js';
import { chance, exponential, integerIn } from '../world/chance.js';
import type { EventQueue } from '../world/event-queue.js';
import type { Tally } from '../world/tally.js';
import { askApi } from './ask-api.js';
import { newClient } from './client-host.js';

export interface ApiClientDeps {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly history: History;
  readonly processor: Processor;
  readonly network: Network;
  /** Names of all nodes. */
  readonly nodes: readonly string[];
  readonly log: (what: string) => void;
  readonly isQuiet: () => boolean;
  readonly onDone: (workload: Workload) => void;
}

/** Clients in a hurry think for so much of their time. */
const HURRIED_SHARE = 0.02;
/** Calls that are made in one turn. */
const BURST_MAX = 6;
/** Of all times that it asks, those with several calls. */
const BURST_SHARE = 0.15;

export class ApiClient {
  readonly name: string;
  readonly processor: Processor;
  readonly #id: number;
  readonly #deps: ApiClientDeps;
  readonly #knobs: Knobs;
  readonly #requests: RequestSource;
  readonly #client: Client;
  readonly #lanes: number;
  #isStopped = false;
  #waiting = 0;

  constructor(id: number, deps: ApiClientDeps, knobs: Knobs) {
    this.#id = id;
    this.name = nameOfApiClient(id);
    this.#deps = deps;
    this.#knobs = knobs;
    const { random, processor, network, nodes } = deps;
    this.processor = processor;
    this.#requests = new RequestSource(id, random, knobs, { isApi: true });
    this.#lanes = integerIn(random, 1, 3);
    this.#client = newClient({ processor, network, random }, nodes);
  }

  start(): void {
    for (let lane = 0; lane < this.#lanes; lane += 1) this.#thinkThenAsk();
  }

  /** Makes no more calls, and closes the client once all are answered. */
  stop(): void {
    this.#isStopped = true;
    this.#closeWhenDone();
  }

  /** Adds what the client did. */
  tell(counts: Tally): void {
    const { servers, retries } = this.#client.stats();
    counts.add('client retries', retries);
    for (const { reads, writes, batches, failures } of servers) {
      counts.add('client reads sent', reads);
      counts.add('client writes sent', writes);
      counts.add('client batches', batches);
      counts.add('client attempts failed', failures);
    }
  }

  #thinkThenAsk(): void {
    const { queue, random, isQuiet, processor } = this.#deps;
    // All of them together think as long as one of the other clients.
    const meanMs = this.#knobs.thinkMs * this.#lanes * (isQuiet() ? HURRIED_SHARE : 1);
    queue.after(exponential(random, meanMs), () => processor.input(() => this.#ask()));
  }

  #ask(): void {
    if (this.#isStopped) return;
    const { random } = this.#deps;
    const calls = chance(random, BURST_SHARE) ? integerIn(random, 2, BURST_MAX) : 1;
    this.#waiting += calls;
    void Promise.all(Array.from({ length: calls }, () => this.#askOne(this.#requests.draw()))).then(() => {
      this.#waiting -= calls;
      if (this.#isStopped) this.#closeWhenDone();
      else this.#thinkThenAsk();
    });
  }

  /** Never rejects. */
  async #askOne({ kind, request }: Drawn): Promise<void> {
    const { history, queue, log, onDone } = this.#deps;
    log(`ask ${JSON.stringify(request)}`);
    // It may be any node that answers; a process of its own is compared with no other.
    const process = -1 - history.operations.length;
    const operation = history.invoke({ client: this.#id, node: 0, process, request, invokedMs: queue.nowMs });
    const answer: Answer = await askApi(this.#client, request);
    log(`told ${JSON.stringify(answer)}`);
    history.answer(operation, answer, queue.nowMs);
    this.#requests.learn(operation);
    if (answer.kind === 'refused' || answer.kind === 'unknown') return;
    onDone(workloadOf[kind]);
    onDone('apiCall');
  }

  #closeWhenDone(): void {
    if (this.#waiting === 0) void this.#client.close();
  }
}

/** Also the name of its host. */
export function nameOfApiClient(id: number): string {
  return `c${id}`;
}
