/** Kills the leader under load, measures how long writers wait, and starts the node again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../crash/lib/cluster.mjs';

const LEADER_WAIT_MS = 10_000;
const RESUME_WAIT_MS = 30_000;
const RETURN_WAIT_MS = 30_000;
/** Increments after the others are back, before the next leader dies: it dies under load. */
const UNDER_LOAD = 20;

/**
 * One kill. Resolves with the node, when the first and the last writer had an increment acknowledged that began after the kill, when the watch told of
 * all of these, and how long the node took to come back; undefined when there was no leader.
 */
export async function killLeader({ cluster, writers, watch, progress, chance, problems, signal }) {
  await progress.reached(progress.done + UNDER_LOAD);
  const leader = await cluster.leader(LEADER_WAIT_MS);
  if (signal.aborted) return undefined;
  if (leader === undefined) {
    problems.report('stuck', `no leader in ${LEADER_WAIT_MS} ms`);
    return undefined;
  }
  const killedMs = performance.now();
  const resumed = resumption(writers, killedMs, signal);
  await cluster.kill([leader]);
  const { firstMs, lastMs, revision } = await resumed;
  if (lastMs === undefined) problems.report('stuck', `after the kill of node ${leader} not all writers went on`);
  if (!(await watch.reached(revision, RESUME_WAIT_MS)))
    problems.report('stuck', `after the kill of node ${leader} the watch did not go on`);
  const watchMs = performance.now() - killedMs;
  await sleep(chance.integer(0, 500));
  const startedMs = performance.now();
  await cluster.startMissing();
  const isBack = await hasReturned(cluster, leader);
  if (!isBack) problems.report('stuck', `node ${leader} did not come back in ${RETURN_WAIT_MS} ms`);
  return { leader, firstMs, lastMs, watchMs, returnMs: performance.now() - startedMs };
}

/** Milliseconds from the kill to the first acknowledged increment that began after it: of any writer, and of the last one. */
function resumption(writers, killedMs, signal) {
  return new Promise((resolve) => {
    const seen = new Set();
    let firstMs;
    const finish = (lastMs, revision) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      writers.onIncrement = () => undefined;
      resolve({ firstMs, lastMs, revision });
    };
    const giveUp = () => finish(undefined, 0);
    const timer = setTimeout(giveUp, RESUME_WAIT_MS);
    signal.addEventListener('abort', giveUp);
    writers.onIncrement = (writer, startedMs, revision) => {
      if (startedMs < killedMs) return;
      const passedMs = performance.now() - killedMs;
      firstMs ??= passedMs;
      seen.add(writer);
      if (seen.size === writers.count) finish(passedMs, revision);
    };
  });
}

/** The node has all that the others had when it was started. */
async function hasReturned(cluster, node) {
  const revisionOf = (status) => status?.shards.find(({ keyspace }) => keyspace === 'default')?.revision ?? 0;
  const wanted = Math.max(...[...(await cluster.statuses()).values()].map(revisionOf));
  return (
    (await until(RETURN_WAIT_MS, async () => {
      const statuses = await cluster.statuses();
      return statuses.size === cluster.ids.length && revisionOf(statuses.get(node)) >= wanted ? true : undefined;
    })) === true
  );
}
