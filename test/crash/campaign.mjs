/** Rounds of traffic, an incident, recovery and verification on one cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster, until } from './lib/cluster.mjs';
import { HttpClient } from './lib/http-client.mjs';
import { runIncident } from './lib/incidents.mjs';
import { verify } from './verify.mjs';
import { Ledger } from './workload/ledger.mjs';
import { StoreClient } from './workload/store-client.mjs';
import { Traffic } from './workload/traffic.mjs';

const FORM_MS = 20_000;
const RECOVER_MS = 20_000;
/** Writes that must be acknowledged after a recovery before the round goes on. */
const RECOVERED_WRITES = 100;

/**
 * Runs one incident of `plan` a round and stops after the first round that finds a problem. `onRound(round)` is told of each. Resolves with the
 * ledger, the kills by kind, the last hash, what else the nodes had to do and, when something is wrong and `keepsData` is set, the folder with data and logs of the nodes.
 */
export async function runCampaign({ plan, chance, testSwitch, keepsData, onRound, onStarted }) {
  const ledger = new Ledger();
  const http = new HttpClient();
  const onEnded = (text) => ledger.report('ended', text);
  const cluster = await startCluster({ http, chance, testSwitch, onEnded });
  const stopCleanup = onStarted(() => cluster.close({ keepData: false }));
  const client = new StoreClient({ http, ledger, ports: () => cluster.ports });
  const campaign = { cluster, client, ledger, chance, models: [], kills: new Map(), hash: undefined, wear: undefined };
  try {
    if ((await cluster.leader(FORM_MS)) === undefined)
      ledger.report('stuck', `no leader ${FORM_MS} ms after the start`);
    for (const [at, kind] of plan.entries()) {
      if (!ledger.isClean) break;
      onRound(await runRound(campaign, { number: at + 1, kind }));
    }
    campaign.wear = cluster.wear();
  } finally {
    await cluster.close({ keepData: keepsData && !ledger.isClean });
    http.close();
    stopCleanup();
  }
  return {
    ledger,
    kills: campaign.kills,
    hash: campaign.hash,
    wear: campaign.wear,
    folder: keepsData && !ledger.isClean ? cluster.root : undefined,
  };
}

async function runRound(campaign, { number, kind }) {
  const { cluster, client, ledger, chance, models, kills } = campaign;
  const before = { acknowledged: ledger.acknowledged.length, unknown: ledger.unknown };
  const startedMs = performance.now();
  const traffic = new Traffic({ client, ledger, nodes: cluster.ids, chance: chance.fork() }, `round-${number}`);
  traffic.start();
  await sleep(chance.integer(300, 1200));
  const killed = await runIncident(kind, cluster, chance.fork());
  await cluster.startMissing();
  const recoveredMs = await recovery(ledger);
  await sleep(chance.integer(0, 400));
  await traffic.stop();
  models.push(...traffic.models);
  campaign.hash = await verify(campaign);
  const sum = kills.get(kind) ?? { rounds: 0, killed: 0 };
  kills.set(kind, { rounds: sum.rounds + 1, killed: sum.killed + killed });
  return {
    number,
    kind,
    killed,
    acknowledged: ledger.acknowledged.length - before.acknowledged,
    unknown: ledger.unknown - before.unknown,
    lost: ledger.lost.size,
    recoveredMs,
    seconds: (performance.now() - startedMs) / 1000,
    hash: campaign.hash,
  };
}

/** Milliseconds until writes are acknowledged again; undefined when they are not in time. */
async function recovery(ledger) {
  const startedMs = performance.now();
  const wanted = ledger.acknowledged.length + RECOVERED_WRITES;
  const isBack = await until(RECOVER_MS, () => (ledger.acknowledged.length >= wanted ? true : undefined));
  if (isBack === undefined)
    ledger.report('stuck', `fewer than ${RECOVERED_WRITES} writes in ${RECOVER_MS} ms after all nodes were started`);
  return isBack && performance.now() - startedMs;
}
