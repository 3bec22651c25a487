/**
 * What the passing of time allocates in a replica with nothing to do. Run as a program (with `idleTicksFlags`) it prints bytes per
 * tick as JSON. The flags make the young generation so large that nothing is collected meanwhile: what the heap grew by is
 * what was allocated.
 */
import { pathToFileURL } from 'node:url';
import type { RaftConfig } from '../config.js';
import type { RawNode } from '../raw-node.js';
import { elect, messageFrom, startHarness } from './node-harness.js';

/** Where this program is. */
export const idleTicksChild = new URL(import.meta.url);

/** What Node needs to run it. */
export const idleTicksFlags: readonly string[] = [
  '--expose-gc',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];

/** Bytes allocated, by kind of replica. */
export interface IdleTicks {
  /** Per tick; somebody is heard of often enough. */
  readonly follower: number;
  /** Per tick, a leader of three between two heartbeats. */
  readonly leader: number;
  /** Per tick, a leader of one, its quorum checks included. */
  readonly single: number;
  /** Per heartbeat to two followers: messages, Ready and the answers. */
  readonly heartbeatRound: number;
}

const WARM_UP = 200_000;
/** Of one slice. */
const TICKS = 1_000_000;
/** Odd. */
const SLICES = 5;
const ROUNDS = 50_000;

/** Longer than the measurement. */
const NEVER: Partial<RaftConfig> = { heartbeatTicks: 16 * TICKS, electionTicks: 32 * TICKS };

/** The median of slices: the compiler, which allocates in the same heap whenever it is done, is seen in one or two of them. */
function measure(timesPerSlice: number, act: () => void): number {
  for (let done = 0; done < WARM_UP; done += 1) act();
  const perSlice = Array.from({ length: SLICES }, () => allocatedBy(timesPerSlice, act));
  return perSlice.sort((a, b) => a - b)[(SLICES - 1) / 2] ?? Number.NaN;
}

/** Bytes per call. */
function allocatedBy(times: number, act: () => void): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let done = 0; done < times; done += 1) act();
  return Math.max(process.memoryUsage().heapUsed - before, 0) / times;
}

/** As the host does it: after each tick it looks for outputs. There must be none. */
function tickQuietly(node: RawNode): void {
  node.tick();
  if (node.hasReady) throw new Error('an idle replica has something to say');
}

function ofFollower(): number {
  const harness = startHarness([1, 2, 3]);
  const { node } = harness;
  node.step(messageFrom(2, 'MsgHeartbeat', { term: 1 }));
  harness.settle();
  return measure(TICKS, () => {
    tickQuietly(node);
    node.restartElectionTimer();
  });
}

function ofLeader(voters: readonly number[], options: Partial<RaftConfig>): number {
  const harness = startHarness(voters, options);
  elect(harness, 2);
  harness.settle();
  return measure(TICKS, () => tickQuietly(harness.node));
}

function ofHeartbeatRound(): number {
  const harness = startHarness([1, 2, 3]);
  elect(harness, 2);
  harness.settle();
  for (const from of [2, 3]) harness.node.step(messageFrom(from, 'MsgAppResp', { term: 1, index: 1 }));
  harness.settle();
  const answers = [2, 3].map((from) => messageFrom(from, 'MsgHeartbeatResp', { term: 1 }));
  return measure(ROUNDS, () => {
    harness.node.tick();
    harness.node.ready();
    for (const answer of answers) harness.node.step(answer);
  });
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const result: IdleTicks = {
    follower: ofFollower(),
    leader: ofLeader([1, 2, 3], NEVER),
    single: ofLeader([1], {}),
    heartbeatRound: ofHeartbeatRound(),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
