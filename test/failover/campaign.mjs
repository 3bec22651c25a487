/** One run: counters under load while leaders die, then a load of nine reads to one write, then everything is checked. */
import { setMaxListeners } from 'node:events';
import { connect } from '@kvorum/client';
import { startCluster, until } from '../crash/lib/cluster.mjs';
import { HttpClient } from '../crash/lib/http-client.mjs';
import { History } from './history.mjs';
import { killLeader } from './killer.mjs';
import { Problems } from './problems.mjs';
import { Progress } from './progress.mjs';
import { Readers } from './readers.mjs';
import { verify } from './verify.mjs';
import { WatchRecord } from './watch-record.mjs';
import { Writers } from './writers.mjs';

const FORM_MS = 20_000;
const BALANCE_MS = 20_000;
/** Reads beside the writers while leaders die: few, so that it is the writers who load the cluster. */
const FAILOVER_READERS = { readers: 2, pauseMs: 5 };
/** The share of the increments that is made beside nine times as many reads, and at most so many. */
const READ_LOAD_SHARE = 0.1;
const READ_LOAD_INCREMENTS_MAX = 5_000;
const READS_PER_INCREMENT = 9;
const READ_LOAD_READERS = 32;

/** The whole run's bound. */
function limitMs({ increments, kills }) {
  return 120_000 + kills * 20_000 + increments * 2;
}

/**
 * Runs it; what is wrong is in `problems`. `resumeMsMax`: from a kill to the first write of every writer, at most. `onKill(number, kill)` is told of
 * each. Resolves with what there is to report.
 */
export async function runCampaign({ increments, kills, chance, resumeMsMax, keep, onKill, onStarted }) {
  const problems = new Problems();
  const http = new HttpClient();
  const startedMs = performance.now();
  const onEnded = (text) => problems.report('ended', text);
  const cluster = await startCluster({ http, chance, onEnded, keepsClientPorts: true });
  const stopCleanup = onStarted(() => cluster.close({ keepData: false }));
  const bound = AbortSignal.timeout(limitMs({ increments, kills }));
  // Every call under way listens.
  setMaxListeners(0, bound);
  let client;
  try {
    if ((await cluster.leader(FORM_MS)) === undefined) throw new Error(`no leader ${FORM_MS} ms after the start`);
    // One endpoint is enough: the client finds the others.
    client = await connect(`kvorum://127.0.0.1:${cluster.ports.get(chance.pick(cluster.ids))}`);
    const run = { cluster, client, http, chance, problems, signal: bound, increments, kills, onKill };
    const result = await load(run);
    await verify({ ...run, ...result, resumeMsMax, keep });
    if (bound.aborted) problems.report('stuck', `not done in ${limitMs({ increments, kills }) / 1000} s`);
    return { ...result, problems, seconds: (performance.now() - startedMs) / 1000 };
  } finally {
    await client?.close();
    await cluster.close({ keepData: false });
    http.close();
    stopCleanup();
  }
}

async function load(run) {
  const { client, chance, problems, signal, increments } = run;
  const history = new History();
  const progress = new Progress();
  signal.addEventListener('abort', () => progress.end());
  const writers = new Writers({ client, history, problems, progress, signal });
  const readers = new Readers({ client, history, problems, chance: chance.fork(), keys: writers.keys, signal });
  const watch = new WatchRecord({ client, problems });
  await watch.start();
  const readLoadIncrements = Math.min(READ_LOAD_INCREMENTS_MAX, Math.floor(increments * READ_LOAD_SHARE));
  const failover = await failoverLoad(run, {
    writers,
    readers,
    progress,
    watch,
    total: increments - readLoadIncrements,
  });
  const readLoad = await nineToOne(run, { writers, readers, progress, total: increments, readLoadIncrements });
  return { history, writers, watch, ...failover, readLoad, stats: client.stats() };
}

/** Increments in equal steps, and a leader dies in each but the last. Nobody goes further than a step beyond the kill that is due. */
async function failoverLoad(run, { writers, readers, progress, watch, total }) {
  const { kills, onKill, problems } = run;
  const step = total / (kills + 1);
  const startedMs = performance.now();
  progress.raise(Math.ceil(step * 2));
  const writing = writers.run(total);
  let isOver = false;
  const reading = readers.run({ ...FAILOVER_READERS, isOver: () => isOver });
  const done = [];
  let compacted;
  for (let number = 1; number <= kills && problems.isClean; number += 1) {
    await progress.reached(Math.floor(step * number));
    progress.raise(Math.ceil(step * (number + 1)));
    const kill = await killLeader({ ...run, writers, watch, progress });
    if (kill === undefined) break;
    done.push(kill);
    onKill(number, kill);
    if (number === Math.ceil(kills / 2)) compacted = await compact(run, watch.revision);
  }
  progress.raise(total);
  await writing;
  isOver = true;
  await reading;
  return { kills: done, compacted, failoverSeconds: (performance.now() - startedMs) / 1000 };
}

/** Forgets what the watch has told of. */
async function compact({ http, cluster, problems }, revision) {
  for (const port of cluster.ports.values()) {
    const answer = await http.send(port, { method: 'POST', path: `/compact?revision=${revision}` });
    if (answer.kind === 'answer' && answer.status === 200) return revision;
  }
  problems.report('compaction', `no node compacted at ${revision}`);
  return undefined;
}

/** Nine reads to one increment; per server what it was asked, as the client counts it. Begins once the client uses all followers again. */
async function nineToOne(run, { writers, readers, progress, total, readLoadIncrements }) {
  const { client, problems, cluster } = run;
  if (!problems.isClean) return undefined;
  const leader = await cluster.leader(FORM_MS);
  const leaderAddress = `127.0.0.1:${cluster.ports.get(leader)}`;
  const balancedMs = await balanced(run, readers, leaderAddress);
  const before = readsOf(client);
  const startedMs = performance.now();
  progress.raise(total);
  await Promise.all([
    writers.run(total),
    readers.run({ readers: READ_LOAD_READERS, readsMax: readLoadIncrements * READS_PER_INCREMENT }),
  ]);
  const seconds = (performance.now() - startedMs) / 1000;
  const servers = [...readsOf(client)].map(([address, reads]) => ({
    address,
    isLeader: address === leaderAddress,
    reads: reads - (before.get(address) ?? 0),
  }));
  return { seconds, servers, balancedMs };
}

/** Milliseconds until both followers are asked again: one that was killed is avoided for a while. */
async function balanced({ client, problems }, readers, leaderAddress) {
  const startedMs = performance.now();
  const before = readsOf(client);
  const isBalanced = await until(BALANCE_MS, async () => {
    await readers.run({ readers: 1, readsMax: 10 });
    const followers = [...readsOf(client)].filter(([address]) => address !== leaderAddress);
    return followers.every(([address, reads]) => reads > (before.get(address) ?? 0)) ? true : undefined;
  });
  if (isBalanced === undefined) problems.report('reads', `not all followers are asked within ${BALANCE_MS} ms`);
  return performance.now() - startedMs;
}

function readsOf(client) {
  return new Map(client.stats().servers.map(({ address, reads }) => [address, reads]));
}
