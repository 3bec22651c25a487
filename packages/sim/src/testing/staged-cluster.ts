/**
 * A simulated cluster in calm weather for tests that stage one situation: whole production nodes in virtual time, whose links, clocks and disks the test alone disturbs.
 * The same test always runs the same way.
 */
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import { drawKnobs, type FixedKnobs } from '../knobs.js';
import type { Machine } from '../machine/machine.js';
import { pump } from '../pump.js';
import { SimCluster } from '../sim-cluster.js';
import type { Answer, Request } from '../workload/history.js';
import { perform } from '../workload/perform.js';

/** A replica became leader. */
export interface Election {
  readonly atMs: number;
  readonly machine: Machine;
  readonly shard: number;
  readonly term: number;
}

export const stagedHeartbeatMs = 100;
export const stagedElectionTimeoutMs = 700;

const CALM = {
  heartbeatMs: stagedHeartbeatMs,
  electionTimeoutMs: stagedElectionTimeoutMs,
  requestTimeoutMs: 5000,
  latencyMs: 0.5,
  jitterMs: 0.5,
  diskMs: 0.3,
  turnMs: 0.1,
  segmentBytes: 256 * 1024,
  logRetainBytes: 4 * 1024 * 1024,
  flushRows: 500,
  flushAgeMs: 500,
  maxInflightMessages: 8,
  splitProbability: 0,
  membershipEveryMs: 0,
  linearizableReads: 'readIndex',
  logWindowBytes: 16 * 1024 * 1024,
  // As in production, so that no comparison falls into what is staged.
  compareEntries: 65_536,
  compareMs: 300_000,
  failpoints: [],
} as const;

/** Time for a cluster to form and elect. */
const FORM_MS_MAX = 20_000;

export class StagedCluster {
  readonly cluster: SimCluster;
  /** Of all shards, in order. */
  readonly elections: Election[] = [];

  private constructor(seed: number, fixed: FixedKnobs) {
    const knobs = drawKnobs(seed, { ...CALM, firstVoters: fixed.nodes, ...fixed });
    const ignore = (): void => undefined;
    this.cluster = new SimCluster(
      { seed, knobs },
      {
        onSaid: ignore,
        onUp: ignore,
        onCut: ignore,
        onReadBack: ignore,
        onFailpoint: ignore,
        onFailed: ({ name }, error) => {
          throw new Error(`${name} failed`, { cause: error });
        },
        onRole: (machine, shard, role, term) => {
          if (role === 'leader') this.elections.push({ atMs: this.nowMs, machine, shard, term });
        },
      },
    );
  }

  /** A cluster that has formed and serves. */
  static async form(seed: number, fixed: FixedKnobs): Promise<StagedCluster> {
    const staged = new StagedCluster(seed, fixed);
    staged.cluster.start();
    if (!(await staged.until(() => staged.isFormed(), FORM_MS_MAX))) throw new Error('the cluster did not form');
    return staged;
  }

  get nowMs(): number {
    return this.cluster.queue.nowMs;
  }

  get machines(): readonly Machine[] {
    return this.cluster.machines;
  }

  /** Who leads the default keyspace in the newest term, as it says. */
  leader(): Machine {
    const led = this.machines.filter((machine) => this.leads(machine));
    const newest = led.toSorted((a, b) => this.termOf(b) - this.termOf(a))[0];
    if (newest === undefined) throw new Error('nobody leads');
    return newest;
  }

  leads(machine: Machine): boolean {
    return machine.shards?.shard(defaultShard)?.replica.isLeader === true;
  }

  termOf(machine: Machine): number {
    return machine.shards?.shard(defaultShard)?.replica.raw.term ?? 0;
  }

  others(...but: readonly Machine[]): Machine[] {
    return this.machines.filter((machine) => !but.includes(machine));
  }

  /** Elections of the default keyspace's shard since then. */
  electionsSince(atMs: number): readonly Election[] {
    return this.elections.filter((election) => election.shard === defaultShard && election.atMs > atMs);
  }

  cut(cuts: readonly (readonly [from: string, to: string])[]): void {
    for (const [from, to] of cuts) this.cluster.network.cut(from, to);
  }

  run(forMs: number): Promise<boolean> {
    return this.until(() => false, forMs);
  }

  /** Runs until `isDone`; false when `withinMs` passed before. */
  async until(isDone: () => boolean, withinMs: number): Promise<boolean> {
    const { queue } = this.cluster;
    const untilMs = queue.nowMs + withinMs;
    let isOver = false;
    const alarm = queue.at(untilMs, () => (isOver = true));
    await pump(queue, () => isOver || isDone());
    alarm.cancel();
    return !isOver;
  }

  /** Asks a node and runs the world until it answers. */
  async ask(machine: Machine, request: Request): Promise<Answer> {
    let answer: Answer | undefined;
    this.askLater(machine, request, (given) => (answer = given));
    await this.until(() => answer !== undefined, 60_000);
    return answer ?? { kind: 'unknown', code: 'NONE' };
  }

  /** Asks a node; the answer comes while the world runs. */
  askLater({ node, processor }: Machine, request: Request, onAnswer: (answer: Answer) => void): void {
    if (node === undefined || processor === undefined) throw new Error('the node is down');
    processor.input(() => {
      void perform(node.kv, request).then(onAnswer);
    });
  }

  put(machine: Machine, value: string): Promise<Answer> {
    return this.ask(machine, { kind: 'put', key: 'k', value });
  }

  /** The value of the key that `put` writes, or what went wrong. */
  async get(machine: Machine): Promise<string> {
    const answer = await this.ask(machine, { kind: 'get', key: 'k', isSerializable: false });
    if (answer.kind === 'seen') return answer.keys[0]?.value ?? 'absent';
    return 'code' in answer ? answer.code : answer.kind;
  }

  /** A number that the node's metrics tell. */
  async metric(machine: Machine, name: string): Promise<number> {
    const text = (await machine.node?.metricsText()) ?? '';
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ')[1]);
  }

  close(): void {
    this.cluster.abandon();
  }

  private isFormed(): boolean {
    const all = this.machines.map((machine) => machine.shards?.shard(defaultShard)?.replica.leader);
    return all[0] !== undefined && all.every((leader) => leader === all[0]);
  }
}
