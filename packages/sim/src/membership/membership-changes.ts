/**
 * Changes of membership while faults strike: every now and then whoever says that it leads a shard is asked for a random one. Only changes that leave
 * each half a majority of nodes with all their data are asked for (R2).
 */
import type { Random } from '@kvorum/server/internal/env/env.js';
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import type { ShardHost } from '@kvorum/server/internal/shard/shard-host.js';
import type { Machine } from '../machine/machine.js';
import type { SimCluster } from '../sim-cluster.js';
import { chance, exponential } from '../world/chance.js';
import type { Tally } from '../world/tally.js';
import { type Drawn, drawChange } from './draw-change.js';
import { isMinorityLost, type MemberBook } from './member-book.js';

export interface MembershipChangesDeps {
  readonly cluster: SimCluster;
  readonly book: MemberBook;
  readonly random: Random;
  /** Counts changes that were made. */
  readonly faults: Tally;
  /** Counts answers. */
  readonly counts: Tally;
}

export interface MembershipChangesOptions {
  /** Mean time between changes; 0 for none. */
  readonly membershipEveryMs: number;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** A change that its leader would go with is asked for again of its successors, so many times. */
const ASKED_AGAIN_MAX = 5;
const SYSTEM_SHARE = 0.15;

export class MembershipChanges {
  readonly #deps: MembershipChangesDeps;
  readonly #options: MembershipChangesOptions;
  #isStopped = false;

  constructor(deps: MembershipChangesDeps, options: MembershipChangesOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  start(): void {
    const { cluster, random } = this.#deps;
    if (this.#options.membershipEveryMs === 0) return;
    cluster.queue.after(exponential(random, this.#options.membershipEveryMs), () => {
      if (this.#isStopped) return;
      const shard = chance(random, SYSTEM_SHARE) ? 0 : defaultShard;
      this.#ask(shard, (machine, host) => this.#draw(shard, machine, host));
      this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Asks who leads, in its own process and time. */
  #ask(shard: number, draw: (machine: Machine, host: ShardHost) => Drawn | undefined, asked = 1): void {
    const machine = this.#deps.cluster.leaderOf(shard);
    const { processor, shards: host } = machine ?? {};
    if (machine === undefined || processor === undefined || host === undefined) return;
    processor.input(() => {
      const drawn = this.#isStopped ? undefined : draw(machine, host);
      if (drawn === undefined) return;
      if (drawn.kind === 'transfer leader') this.#transfer(shard, machine, host, drawn.to);
      else this.#change(shard, machine, host, drawn, asked);
    });
  }

  #draw(shard: number, machine: Machine, host: ShardHost): Drawn | undefined {
    const { random, book, cluster } = this.#deps;
    const replica = host.shard(shard)?.replica;
    if (replica === undefined) return undefined;
    const lost = book.lost();
    const sound = cluster.machines.map(({ id }) => id).filter((id) => !lost.has(id));
    const confState = replica.raw.confState();
    return drawChange({ random, confState, leader: machine.id, sound });
  }

  #change(
    shard: number,
    machine: Machine,
    host: ShardHost,
    drawn: Exclude<Drawn, { to: number }>,
    asked: number,
  ): void {
    const { book, cluster, counts, faults } = this.#deps;
    const { kind, change } = drawn;
    const raw = host.shard(shard)?.replica.raw;
    const preview = raw?.previewConfChange(change);
    if (raw === undefined || preview === undefined) return;
    if (preview.problem !== null) {
      counts.add(`membership not asked: ${preview.problem.kind}`);
      return;
    }
    if (!isMinorityLost(preview.confState, book.lost())) return;
    cluster.log.add('--', `ask ${machine.name} shard ${shard}: ${kind} ${JSON.stringify(preview.confState)}`);
    const answer = host.requests.changeMembership(shard, change, this.#options.requestTimeoutMs);
    const { term, lastIndex } = raw.basicStatus();
    const wanted = { shard, target: preview.confState, term, upTo: lastIndex };
    book.want(wanted);
    void answer.then((result) => {
      const reason = result.kind === 'applied' ? '' : ` ${result.reason}`;
      cluster.log.add('--', `${machine.name} shard ${shard}: ${kind} ${result.kind}${reason}`);
      counts.add(`membership ${result.kind}${reason}`);
      if (result.kind === 'applied') faults.add(`membership: ${kind}`);
      if (result.kind !== 'refused') return;
      book.forget(wanted);
      if (result.reason !== 'handingOver' || asked > ASKED_AGAIN_MAX) return;
      cluster.queue.after(this.#options.electionTimeoutMs / 2, () => this.#ask(shard, () => drawn, asked + 1));
    });
  }

  #transfer(shard: number, machine: Machine, host: ShardHost, to: number): void {
    const { cluster, counts, faults } = this.#deps;
    cluster.log.add('--', `ask ${machine.name} shard ${shard}: transfer leader to ${to}`);
    void host.requests.transferLeader(shard, to, this.#options.requestTimeoutMs).then((result) => {
      counts.add(`transfer ${result.kind}`);
      if (result.kind === 'transferred') faults.add('membership: transfer leader');
    });
  }
}
