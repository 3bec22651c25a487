/** What must hold at the end. */
import { root } from '../../scripts/lib/root.mjs';

const WATCH_WAIT_MS = 30_000;
const CHECK_SECONDS_MAX = 120;
/** Each follower takes at least this share of the reads in a load of reads. */
const FOLLOWER_SHARE_MIN = 0.25;

/** Checks everything; what is wrong goes to `problems`. */
export async function verify({ client, problems, writers, watch, history, kills, resumeMsMax, readLoad, keep }) {
  await checkCounters({ client, problems, writers });
  const { lastRevision } = writers;
  if (!(await watch.reached(lastRevision, WATCH_WAIT_MS)))
    problems.report('watch', `it told of all up to ${watch.revision}, the last write was at ${lastRevision}`);
  await watch.close();
  watch.check(writers.acknowledged);
  for (const [at, { lastMs }] of kills.entries()) {
    if (lastMs > resumeMsMax)
      problems.report(
        'slow failover',
        `kill ${at + 1}: the last writer went on after ${Math.round(lastMs)} ms, limit ${resumeMsMax}`,
      );
  }
  checkReadLoad(problems, readLoad);
  if (keep !== undefined) history.writeTo(keep);
  await checkHistory(problems, history);
}

async function checkCounters({ client, problems, writers }) {
  for (const [key, number] of writers.expected) {
    const found = await client.get(key);
    const shown = found === undefined ? 0 : Number(found.text());
    if (shown !== number) problems.report('counter', `${key} is ${shown}, ${number} increments were acknowledged`);
  }
}

function checkReadLoad(problems, readLoad) {
  const total = readLoad?.servers.reduce((sum, { reads }) => sum + reads, 0) ?? 0;
  for (const { address, isLeader, reads } of readLoad?.servers ?? []) {
    if (!isLeader && reads < total * FOLLOWER_SHARE_MIN)
      problems.report('reads', `follower ${address} took ${reads} of ${total} reads`);
  }
}

async function checkHistory(problems, history) {
  const { checkText } = await import(new URL('packages/sim/dist/linearizability/check-text.js', `file://${root}/`));
  for (const key of history.keys) {
    const deadline = performance.now() + CHECK_SECONDS_MAX * 1000;
    const bounds = { isOverdue: () => performance.now() > deadline };
    const { verdict, reason } = checkText(history.textOf(key), { bounds });
    if (verdict !== 'linearizable') problems.report(verdict, `${key}: ${reason}`);
  }
}
