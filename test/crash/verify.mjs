/** What must hold when nothing is under way: replicas are equal, every key shows what was promised, and so does its history. */
import { until } from './lib/cluster.mjs';

const CONVERGE_MS = 30_000;
/** The same once something is known to be wrong: the verdict is clear, only what is lost is still counted. */
const CONVERGE_WRONG_MS = 5000;
const HISTORY_SAMPLE = 1500;
const READS_AT_ONCE = 16;

/** Checks everything; what is wrong goes to the ledger. Resolves with the hash of the keys' content, undefined when replicas are not equal. */
export async function verify({ cluster, client, ledger, models, chance }) {
  const hash = await requireEqualReplicas(cluster, ledger);
  const rows = await requireEqualKeys(cluster, client, ledger);
  if (rows !== undefined) for (const model of models) model.check(rows.get(model.key));
  await checkHistory({ cluster, client, ledger, chance });
  return hash;
}

async function requireEqualReplicas(cluster, ledger) {
  const convergeMs = ledger.isClean ? CONVERGE_MS : CONVERGE_WRONG_MS;
  let last = '';
  const hash = await until(convergeMs, async () => {
    const statuses = [...(await cluster.statuses()).values()];
    last = statuses.map(describe).join('; ');
    if (statuses.length < cluster.ids.length || !haveApplied(statuses)) return undefined;
    return hashOf(statuses);
  });
  if (hash === undefined) ledger.report('stuck', `replicas did not become equal in ${convergeMs} ms: ${last}`);
  if (hash === false) ledger.report('diverged', `replicas differ at the same index: ${last}`);
  return hash === false ? undefined : hash;
}

/** All replicas of every shard have applied the same index, and it is the last. */
function haveApplied(statuses) {
  const [first] = statuses;
  return first.shards.every((shard, at) =>
    statuses.every(({ state, shards }) => {
      const { appliedIndex, lastIndex } = shards[at];
      return (
        state === 'running' && appliedIndex === shard.appliedIndex && lastIndex === appliedIndex && appliedIndex > 0
      );
    }),
  );
}

/** The content hash of the keys, or false when the hashes of any shard differ. */
function hashOf(statuses) {
  const [first] = statuses;
  const isEqual = first.shards.every(({ chainHash, contentHash }, at) =>
    statuses.every(({ shards }) => shards[at].chainHash === chainHash && shards[at].contentHash === contentHash),
  );
  return isEqual && first.shards.find(({ keyspace }) => keyspace === 'default').contentHash;
}

function describe({ nodeId, state, shards }) {
  const parts = shards.map(
    ({ keyspace, role, term, appliedIndex, lastIndex, chainHash, contentHash }) =>
      `${keyspace} ${role} term ${term} applied ${appliedIndex} of ${lastIndex} chain ${chainHash} content ${contentHash}`,
  );
  return `node ${nodeId} ${state}: ${parts.join(', ')}`;
}

/** The same list from every node's own state and from a linearizable read; as rows by key. */
async function requireEqualKeys(cluster, client, ledger) {
  const convergeMs = ledger.isClean ? CONVERGE_MS : CONVERGE_WRONG_MS;
  const linearizable = await until(convergeMs, () => client.list(cluster.ids[0], ''));
  if (linearizable === undefined) {
    ledger.report('stuck', `node ${cluster.ids[0]} gave no linearizable list in ${convergeMs} ms`);
    return undefined;
  }
  for (const id of cluster.ids) {
    const own = await client.list(id, 'serializable');
    if (own !== linearizable) ledger.report('diverged', `node ${id} lists ${firstDifference(own, linearizable)}`);
  }
  const rows = linearizable.split('\n').filter((line) => line !== '');
  return new Map(rows.map((line) => JSON.parse(line)).map((row) => [row.key, row]));
}

function firstDifference(own, other) {
  if (own === undefined) return 'nothing at all';
  const lines = own.split('\n');
  const others = other.split('\n');
  const at = lines.findIndex((line, i) => line !== others[i]);
  return `${lines[at]?.slice(0, 120)} where others list ${others[at]?.slice(0, 120)}`;
}

/** Acknowledged writes as they were at their own revision, on any node: the newest, and some of all. */
async function checkHistory({ cluster, client, ledger, chance }) {
  const { acknowledged } = ledger;
  const newest = acknowledged.slice(-HISTORY_SAMPLE);
  const older =
    acknowledged.length === 0 ? [] : Array.from({ length: HISTORY_SAMPLE }, () => chance.pick(acknowledged));
  const waiting = [...new Set([...newest, ...older])];
  const work = async () => {
    for (let write = waiting.pop(); write !== undefined; write = waiting.pop()) {
      const { key, value, revision } = write;
      const node = chance.pick(cluster.ids);
      const shown = await client.readAt(node, key, revision);
      const isThere =
        shown !== undefined && shown.value === value && (value === undefined || shown.modRevision === revision);
      if (!isThere) ledger.lose([write], `node ${node} does not show ${key} as written at revision ${revision}`);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, work));
}
