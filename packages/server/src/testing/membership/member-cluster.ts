/**
 * Configured nodes on simulated machines, of which any may be members: for tests of changes of membership through whole nodes. One seed and
 * virtual time; the power can be cut at any step.
 */
import assert from 'node:assert/strict';
import {
  type ConfChangeTransition,
  type ConfChangeType,
  LEAVE_JOINT,
} from '@kvorum/core/raft/confchange/conf-change.js';
import type { ConfChange } from '@kvorum/core/raft/confchange/conf-change.js';
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import { silentLog } from '../../env/silent-log.js';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { MemoryNetwork } from '../../env/testing/memory-network.js';
import { below, createSeededRandom } from '../../env/testing/seeded-random.js';
import type { KvorumNode, StartOptions } from '../../node.js';
import type { FirstMembers } from '../../node-shards.js';
import type { HostedShard } from '../../shard/hosted-shard.js';
import type { ConfChangeResult } from '../../shard/membership/membership.js';
import type { ShardHost } from '../../shard/shard-host.js';
import { MemoryStoreDisk } from '../../storage/memory-revision-store.js';
import { hostOf, Machine } from '../power-cut/machine.js';

const nodeOptions: StartOptions = {
  dataDir: 'data',
  clientAddress: 'off',
  diskReserveBytes: 0,
  walSegmentBytes: 8 * 1024,
  logRetainBytes: 16 * 1024,
  logRetainBytesNode: 32 * 1024,
  heartbeatMs: 20,
  electionTimeoutMs: 100,
  requestTimeoutMs: 3000,
  connectTimeoutMs: 100,
};
/** The shard of the tests: the default keyspace. */
const shard = 1;
const waitMsMax = 30_000;
const changeMsMax = 3000;

export interface MemberClusterOptions {
  readonly seed?: number;
  /** Configured nodes. */
  readonly nodes: number;
  readonly first: FirstMembers;
}

export class MemberCluster {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork(this.clock);
  readonly machines: readonly Machine[];
  readonly #random;

  constructor({ seed = 1, nodes, first }: MemberClusterOptions) {
    this.#random = createSeededRandom(seed);
    this.network.delayMs = 1;
    const world = { clock: this.clock, random: this.#random, network: this.network, log: silentLog };
    const ids = Array.from({ length: nodes }, (_, at) => at + 1);
    const node = { ...nodeOptions, peers: Object.fromEntries(ids.map((id) => [id, `${hostOf(id)}:2380`])) };
    const options = { node, testing: {}, firstMembers: first, flushPolicy: { rows: 50, bytes: 1 << 20, ageMsMax: 50 } };
    this.machines = ids.map((id) => {
      const stores = new MemoryStoreDisk({ commit: () => this.#ticks(20), flush: () => this.#ticks(20) });
      return new Machine({ world, random: this.#random, stores }, id, options);
    });
  }

  /** All nodes start; resolves when a leader serves. */
  async start(): Promise<void> {
    for (const machine of this.machines) if (machine.life === undefined) machine.start();
    await this.until(() => this.leader() !== undefined, 'a leader');
  }

  machine(id: number): Machine {
    const machine = this.machines[id - 1];
    assert.ok(machine !== undefined);
    return machine;
  }

  node(id: number): KvorumNode {
    const node = this.machine(id).life?.node;
    assert.ok(node !== undefined, `node ${id} is not up`);
    return node;
  }

  host(id: number): ShardHost {
    const host = this.machine(id).life?.shards;
    assert.ok(host !== undefined, `node ${id} has no shards`);
    return host;
  }

  hosted(id: number): HostedShard {
    const hosted = this.host(id).shard(shard);
    assert.ok(hosted !== undefined);
    return hosted;
  }

  /** The ConfState that the node's replica applies. */
  confState(id: number): ConfState {
    return this.hosted(id).replica.raw.confState();
  }

  /** Who leads and has committed in its term. */
  leader(): number | undefined {
    const leading = this.machines.flatMap((machine, at) => {
      const replica = machine.life?.node === undefined ? undefined : machine.life.shards?.shard(shard)?.replica;
      return replica?.isLeader === true && replica.raw.basicStatus().hasCommittedInTerm
        ? [{ id: at + 1, term: replica.raw.term }]
        : [];
    });
    return leading.sort((a, b) => b.term - a.term)[0]?.id;
  }

  async leads(id: number): Promise<void> {
    await this.until(() => this.leader() !== undefined, 'a leader');
    if (this.leader() === id) return;
    const leader = this.leader() ?? 0;
    const result = await this.drive(() => this.host(leader).requests.transferLeader(shard, id, changeMsMax));
    assert.equal(result.kind, 'transferred', JSON.stringify(result));
    await this.until(() => this.leader() === id, `node ${id} to lead`);
  }

  /** Nothing gets from one to the other until the network is healed. */
  cutLink(a: number, b: number): void {
    this.network.cut(hostOf(a), hostOf(b));
    this.network.cut(hostOf(b), hostOf(a));
  }

  /** Asks node `id` to propose. */
  async ask(id: number, change: ConfChange): Promise<ConfChangeResult> {
    return this.drive(() => this.host(id).requests.changeMembership(shard, change, changeMsMax));
  }

  /** Makes a change through whoever leads, as often as it is refused for now. */
  async change(change: ConfChange): Promise<ConfState> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await this.until(() => this.leader() !== undefined, 'a leader');
      const result = await this.ask(this.leader() ?? 0, change);
      if (result.kind === 'applied') return result.confState;
      const isForNow = result.kind === 'refused' && ['handingOver', 'pending', 'notLeader'].includes(result.reason);
      assert.ok(isForNow, JSON.stringify(result));
      await this.steps(20);
    }
    throw new assert.AssertionError({ message: 'the change was refused again and again' });
  }

  async put(id: number, key: string, value: string): Promise<void> {
    await this.drive(() => this.node(id).put(key, value));
  }

  /** Writes through the leader until all its members have applied the same, outside of a joint configuration. */
  async settle(): Promise<ConfState> {
    await this.until(() => this.isSettled(), 'all members to have applied the same');
    const confState = this.confState(this.leader() ?? 0);
    const hashes = members(confState).map((id) => JSON.stringify(this.hosted(id).replica.machine?.chainHash));
    assert.equal(new Set(hashes).size, 1, 'state hashes differ');
    for (const id of members(confState)) assert.deepEqual(this.confState(id), confState);
    return confState;
  }

  isSettled(): boolean {
    const leader = this.leader();
    if (leader === undefined) return false;
    const confState = this.confState(leader);
    const isLeaving = confState.votersOutgoing.length > 0 && confState.autoLeave;
    if (isLeaving || !confState.voters.includes(leader)) return false;
    const { lastIndex } = this.hosted(leader).replica.raw.basicStatus();
    return members(confState).every(
      (id) => this.machine(id).life?.node !== undefined && this.hosted(id).replica.machine?.appliedIndex === lastIndex,
    );
  }

  async drive<T>(ask: () => Promise<T>): Promise<T> {
    let isDone = false;
    const result = ask().finally(() => (isDone = true));
    result.catch(() => undefined);
    await this.until(() => isDone, 'an answer');
    return result;
  }

  async until(isTrue: () => boolean, what: string): Promise<void> {
    const untilMs = this.clock.nowMs() + waitMsMax;
    while (!isTrue()) {
      assert.ok(this.clock.nowMs() < untilMs, `waited ${waitMsMax} ms in vain for ${what}: ${this.describe()}`);
      await this.step();
    }
  }

  async steps(count: number): Promise<void> {
    for (let step = 0; step < count; step += 1) await this.step();
  }

  /** The smallest steps there are: a millisecond at most, and a few microtasks. */
  async moments(count: number): Promise<void> {
    for (let moment = 0; moment < count; moment += 1) {
      this.clock.advance(below(this.#random, 2));
      await this.#ticks(12);
    }
  }

  async step(): Promise<void> {
    this.clock.advance(1 + below(this.#random, 4));
    await this.#ticks(40);
    for (const { life, name } of this.machines) assert.equal(life?.failure, undefined, name);
  }

  end(): void {
    for (const { life } of this.machines) life?.kill();
  }

  describe(): string {
    const lines = this.machines.map(({ name, life }) => {
      const replica = life?.shards?.shard(shard)?.replica;
      return `${name} ${JSON.stringify(replica && { ...replica.raw.basicStatus(), ...replica.raw.confState() })}`;
    });
    return lines.join('\n');
  }

  async #ticks(bound: number): Promise<void> {
    for (let left = below(this.#random, bound); left > 0; left -= 1) await Promise.resolve();
  }
}

export function members({ voters, votersOutgoing, learners }: ConfState): number[] {
  return [...new Set([...voters, ...votersOutgoing, ...learners])].sort((a, b) => a - b);
}

/** `+4` adds or promotes a voter, `~4` adds a learner or demotes, `-4` removes; several make one joint change. */
export function change(text: string, transition: ConfChangeTransition = 'auto'): ConfChange {
  const types: Readonly<Record<string, ConfChangeType>> = { '+': 'addVoter', '~': 'addLearner', '-': 'remove' };
  const changes = text.split(' ').map((one) => {
    const type = types[one.charAt(0)];
    assert.ok(type !== undefined);
    return { type, nodeId: Number(one.slice(1)) };
  });
  return { version: 2, transition, changes, context: new Uint8Array(0) };
}

export const leave = LEAVE_JOINT;
