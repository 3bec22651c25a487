/** One run of `kvorum bench`: clients, keys, the load with its progress, and the report. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ClientError } from '@kvorum/client';
import { type Progress, showProgress } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { type LoadClock, type LoadDeps, type LoadPlan, type LoadResult, type LoadTarget, runLoad } from './load.js';
import { showCount } from './plot.js';
import { type BenchReport, reportOf, type ServerReport } from './report.js';

export type BenchKind = 'put' | 'get' | 'mixed';

export interface BenchPlan {
  readonly kind: BenchKind;
  /** Of a mixed load. */
  readonly readPercent: number;
  readonly inFlight: number;
  readonly keyCount: number;
  readonly keyPrefix: string;
  readonly valueBytes: number;
  readonly rate: number | undefined;
  readonly durationMs: number | undefined;
  readonly requests: number | undefined;
  readonly isSerializable: boolean;
}

export interface BenchRun {
  readonly report: BenchReport;
  readonly isGivenUp: boolean;
}

/**
 * Runs it on these clients. Gets need keys, so they are put before, without being counted.
 * @param signal ends it early; what was measured until then is reported
 */
export async function runBench(
  plan: BenchPlan,
  clients: readonly Client[],
  terminal: Pick<Terminal, 'stderr' | 'isErrorTty'>,
  isJson: boolean,
  signal: AbortSignal,
): Promise<BenchRun> {
  const consistency = plan.isSerializable ? 'serializable' : 'linearizable';
  const targets = clients.map(
    (client): LoadTarget => ({
      put: (key, value) => client.set(key, value),
      get: (key) => client.get(key, { consistency }),
    }),
  );
  const keys = keysOf(plan);
  // In an open loop every worker that waits listens.
  setMaxListeners(0, signal);
  const shared = { inFlight: plan.inFlight, keys, value: randomBytes(plan.valueBytes) };
  const run = (label: string, load: LoadPlan): Promise<LoadResult> => {
    const { durationMs, requests } = load;
    const show = (elapsedMs: number, done: number): string =>
      `${(elapsedMs / 1000).toFixed(1)} s, ${showCount(done)} requests, ${showCount((done * 1000) / Math.max(1, elapsedMs))} per second`;
    const last = { elapsedMs: 0, done: 0 };
    const progress = showProgress(terminal, {
      label,
      total: requests ?? durationMs,
      show: () => show(last.elapsedMs, last.done),
      isJson,
    });
    const onDone = (elapsedMs: number, done: number): void => {
      last.elapsedMs = elapsedMs;
      last.done = done;
      progress.update(requests === undefined ? elapsedMs : done);
    };
    return measured(load, { targets, clock, chance: Math.random, signal, codeOf, onDone }, progress);
  };
  if (plan.kind !== 'put') {
    const filled = await run('filling', { ...shared, readPercent: 0, requests: plan.keyCount });
    if (filled.isGivenUp || signal.aborted) return { report: reportOf(filled, 0, []), isGivenUp: filled.isGivenUp };
  }
  const { rate, durationMs, requests } = plan;
  const readPercent = { put: 0, get: 100, mixed: plan.readPercent }[plan.kind];
  const sentBefore = sentTo(clients);
  const before = process.cpuUsage();
  const result = await run(plan.kind, { ...shared, readPercent, rate, durationMs, requests });
  const { user, system } = process.cpuUsage(before);
  const servers = difference(sentTo(clients), sentBefore);
  return { report: reportOf(result, user + system, servers), isGivenUp: result.isGivenUp };
}

/** What all clients have sent so far, by node. */
function sentTo(clients: readonly Client[]): ReadonlyMap<string, ServerReport> {
  const sums = new Map<string, ServerReport>();
  for (const { address, reads, writes, failures } of clients.flatMap((client) => client.stats().servers)) {
    const sum = sums.get(address) ?? { address, reads: 0, writes: 0, failures: 0 };
    const added = { reads: sum.reads + reads, writes: sum.writes + writes, failures: sum.failures + failures };
    sums.set(address, { address, ...added });
  }
  return sums;
}

/** What was sent since, to those nodes that got something. */
function difference(
  after: ReadonlyMap<string, ServerReport>,
  before: ReadonlyMap<string, ServerReport>,
): readonly ServerReport[] {
  return [...after.values()]
    .map(({ address, reads, writes, failures }) => {
      const old = before.get(address) ?? { reads: 0, writes: 0, failures: 0 };
      const since = { reads: reads - old.reads, writes: writes - old.writes, failures: failures - old.failures };
      return { address, ...since };
    })
    .filter(({ reads, writes, failures }) => reads + writes + failures > 0)
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

async function measured(load: LoadPlan, deps: LoadDeps, progress: Progress): Promise<LoadResult> {
  try {
    return await runLoad(load, deps);
  } finally {
    progress.finish();
  }
}

const clock: LoadClock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  },
};

/** Keys of one length, so that each costs the same. */
function keysOf({ keyCount, keyPrefix }: BenchPlan): readonly Uint8Array[] {
  const digits = String(keyCount - 1).length;
  return Array.from({ length: keyCount }, (_, at) => Buffer.from(`${keyPrefix}${String(at).padStart(digits, '0')}`));
}

function codeOf(error: unknown): string {
  return error instanceof ClientError ? error.code : String(error);
}
