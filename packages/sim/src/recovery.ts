/**
 * The second phase of a run (R4): faults have stopped and everything was healed. Within ten election timeouts every shard has a leader and a write is
 * served; once nobody writes, all replicas come to one state.
 */
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

/** Every shard has a leader and the default keyspace serves a write, within ten election timeouts of the healing. */
export async function serveAgain(deps: RecoveryDeps, { electionTimeoutMs }: RecoveryOptions): Promise<void> {
  const { cluster, counts, violate, until } = deps;
  const { queue, machines } = cluster;
  const healedMs = queue.nowMs;
  const limitMs = healedMs + 10 * electionTimeoutMs + RECONNECT_MS;
  let isServed = false;
  let attempts = 0;
  const tryWrites = (): void => {
    if (isServed || queue.nowMs > limitMs) return;
    attempts = writeEverywhere(deps, attempts, () => (isServed = true));
    queue.after(electionTimeoutMs / 2, tryWrites);
  };
  tryWrites();
  const isDone = (): boolean => isServed && cluster.leaders().every((leader) => leader !== undefined);
  if (!(await until(() => isDone() || queue.nowMs > limitMs))) return;
  counts.add('recovery ms', Math.round(queue.nowMs - healedMs));
  if (isDone()) return;
  const states = machines.map(
    ({ name, isOn, node }) => `${name} ${node?.status().state ?? (isOn ? 'starting' : 'off')}`,
  );
  const leaders = cluster.leaders().map((leader) => String(leader?.id));
  const what = `no write was served and led within ${limitMs - healedMs} ms: ${states.join(', ')}`;
  violate('liveness', `${what}; leaders ${leaders.join(' ')}`);
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
function writeEverywhere({ cluster, history }: RecoveryDeps, attempts: number, onServed: () => void): number {
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
