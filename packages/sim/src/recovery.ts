/**
 * The second phase of a run (R4): faults have stopped and everything was healed. Within ten election timeouts every shard has a leader and a write is
 * served; once nobody writes, all replicas come to one state.
 */
import { defaultShard, systemShard } from '@kvorum/server/internal/node-status.js';
import { hasConnectedMajority } from './connected-majority.js';
import type { Knobs } from './knobs.js';
import type { MemberBook } from './membership/member-book.js';
import type { Violate } from './run-report.js';
import type { SimCluster } from './sim-cluster.js';
import type { History } from './workload/history.js';
import { perform } from './workload/perform.js';
import type { Tally } from './world/tally.js';

export interface RecoveryDeps {
  readonly cluster: SimCluster;
  readonly book: MemberBook;
  readonly history: History;
  readonly counts: Tally;
  readonly violate: Violate;
  /** Runs the world until `isDone` is true, or the run is over: then it answers false. */
  readonly until: (isDone: () => boolean) => Promise<boolean>;
}

export type RecoveryOptions = Pick<Knobs, 'electionTimeoutMs'>;

/** A connection that was silent for so long is given up, and a lost one is dialed again after at most so long (transport options). */
const RECONNECT_MS = 3000 + 1000;
/** Time for replicas to come to one state once nobody writes. */
const CONVERGENCE_MS_MAX = 20_000;

/** How often the connections of the nodes are looked at. */
const LOOK_EVERY_MS = 50;

/**
 * Every shard has a leader and the default keyspace serves a write, within ten election timeouts since a majority is connected, and at the latest so long
 * after connections that broke before the healing have been noticed and dialed again.
 */
export async function serveAgain(deps: RecoveryDeps, { electionTimeoutMs }: RecoveryOptions): Promise<void> {
  const { cluster, book, counts, until } = deps;
  const { queue, machines } = cluster;
  const healedMs = queue.nowMs;
  const limitMs = 10 * electionTimeoutMs;
  let isServed = false;
  let attempts = 0;
  let connectedMs: number | undefined;
  const isDone = (): boolean => isServed && cluster.leaders().every((leader) => leader !== undefined);
  const isLate = (): boolean =>
    queue.nowMs > healedMs + RECONNECT_MS + limitMs ||
    queue.nowMs > (connectedMs ?? Number.POSITIVE_INFINITY) + limitMs;
  const isOver = (): boolean => isDone() || isLate();
  const every = (ms: number, run: () => void): void => {
    if (isOver()) return;
    run();
    queue.after(ms, () => every(ms, run));
  };
  every(electionTimeoutMs / 2, () => (attempts = writeEverywhere(deps, attempts, () => (isServed = true))));
  every(LOOK_EVERY_MS, () => {
    const isConnected = hasConnectedMajority(
      machines,
      [systemShard, defaultShard].map((shard) => book.newest(shard)),
    );
    connectedMs = isConnected ? (connectedMs ?? queue.nowMs) : undefined;
  });
  if (!(await until(isOver))) return;
  counts.add('recovery ms', Math.round(queue.nowMs - healedMs));
  if (!isDone()) reportLate(deps, { healedMs, connectedMs });
}

function reportLate(
  { cluster, violate }: RecoveryDeps,
  { healedMs, connectedMs }: { readonly healedMs: number; readonly connectedMs: number | undefined },
): void {
  const { queue, machines } = cluster;
  const states = machines.map(
    ({ name, isOn, node }) => `${name} ${node?.status().state ?? (isOn ? 'starting' : 'off')}`,
  );
  const leaders = cluster.leaders().map((leader) => String(leader?.id));
  const since =
    connectedMs === undefined
      ? 'no majority is connected'
      : `${queue.nowMs - connectedMs} ms since a majority is connected`;
  const what = `no write was served and led ${queue.nowMs - healedMs} ms after the healing, ${since}`;
  violate('liveness', `${what}: ${states.join(', ')}; leaders ${leaders.join(' ')}`);
}

/** All members' replicas come to an equal state (R14 too). */
export async function converge({ cluster, book, violate, until }: RecoveryDeps): Promise<void> {
  const limitMs = cluster.queue.nowMs + CONVERGENCE_MS_MAX;
  const states = (): string[][] => cluster.states((shard, id) => book.isMember(shard, id));
  const isOne = (): boolean => states().every((shard) => new Set(shard).size === 1);
  if (!(await until(() => cluster.queue.nowMs > limitMs || isOne()))) return;
  if (isOne()) return;
  violate(
    'convergence',
    `replicas differ: ${states()
      .map((shard) => shard.join(' | '))
      .join(' || ')}`,
  );
}

/** Asks each node that is up for a write, of a value that no other write has: the number of attempts, of which there were `attempts` before. */
export function writeEverywhere(
  { cluster, history }: Pick<RecoveryDeps, 'cluster' | 'history'>,
  attempts: number,
  onServed: () => void,
): number {
  const { queue, machines } = cluster;
  let made = attempts;
  for (const { node, processor, id, starts } of machines) {
    if (node === undefined || processor === undefined) continue;
    made += 1;
    const request = { kind: 'put', key: 'served', value: `${made}` } as const;
    const operation = history.invoke({ client: -1, node: id, process: starts, request, invokedMs: queue.nowMs });
    processor.input(() => {
      void perform(node.kv, request).then((answer) => {
        history.answer(operation, answer, queue.nowMs);
        if (answer.kind === 'written') onServed();
      });
    });
  }
  return made;
}
