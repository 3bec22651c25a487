/** What is done to the cluster, one incident a round. Every end is a SIGKILL. An incident may leave nodes down; the round starts them again. */
import { setTimeout as sleep } from 'node:timers/promises';

const LEADER_WAIT_MS = 5000;

/** Of ten rounds, so many of each kind. */
const SHARES = { leader: 2, follower: 1, any: 1, two: 1, all: 2, overlap: 1, 'again at start': 2 };

/** The kinds with what they do: `run(victims, chance)`, where `victims.kill(ids)` counts. */
const INCIDENTS = new Map([
  ['leader', async ({ kill, leader }, chance) => downFor(chance, kill([await leader()]))],
  ['follower', async ({ kill, followers }, chance) => downFor(chance, kill([chance.pick(await followers())]))],
  ['any', async ({ kill, ids }, chance) => downFor(chance, kill([chance.pick(ids)]))],
  ['two', async ({ kill, ids }, chance) => downFor(chance, kill(chance.shuffled(ids).slice(1)))],
  ['all', async ({ kill, ids }) => kill(ids)],
  ['overlap', overlap],
  ['again at start', againAtStart],
]);

/** The kinds of so many rounds, each kind as often as its share in every ten. */
export function planIncidents(rounds, chance) {
  const ten = Object.entries(SHARES).flatMap(([kind, share]) => Array.from({ length: share }, () => kind));
  const plan = [];
  while (plan.length < rounds) plan.push(...chance.shuffled(ten));
  return plan.slice(0, rounds);
}

/** Does it; resolves with the number of processes killed. */
export async function runIncident(kind, cluster, chance) {
  let killed = 0;
  const leader = async () => (await cluster.leader(LEADER_WAIT_MS)) ?? chance.pick(cluster.ids);
  const victims = {
    ids: cluster.ids,
    kill: (ids) => {
      killed += ids.length;
      return cluster.kill(ids);
    },
    start: (ids) => cluster.startMissing(ids),
    leader,
    followers: async () => {
      const leading = await leader();
      return cluster.ids.filter((id) => id !== leading);
    },
  };
  await INCIDENTS.get(kind)(victims, chance);
  return killed;
}

async function downFor(chance, killing) {
  await killing;
  await sleep(chance.integer(50, 1500));
}

/** A second node dies while the first is down, and the first comes back while the second is down. */
async function overlap({ kill, start, ids }, chance) {
  const [first, second] = chance.shuffled(ids);
  await downFor(chance, kill([first]));
  await kill([second]);
  await sleep(chance.integer(0, 300));
  await start([first]);
  await sleep(chance.integer(100, 800));
}

/** All die, and one dies again while it recovers. */
async function againAtStart({ kill, start, ids }, chance) {
  await kill(ids);
  const victim = chance.pick(ids);
  const starting = start(ids);
  await sleep(chance.integer(50, 900));
  await kill([victim]);
  await starting;
}
