/** What leads a cluster to failpoints that load alone seldom comes to: a log to be repaired, an election, a node that needs a snapshot, a backup. */
import type { Failpoint } from '@kvorum/server/internal/env/failpoints.js';
import { defaultShard } from '@kvorum/server/internal/node-status.js';
import { verifyBackup } from '@kvorum/server/internal/restore.js';
import { SnapshotError } from '@kvorum/server/internal/storage/snapshot-format.js';
import type { Machine } from '../machine/machine.js';
import { integerIn, pick } from '../world/chance.js';
import type { FaultyCluster } from './cluster-faults.js';
import { needsSnapshots } from './failpoint-deal.js';

/** A node that is to need a snapshot is away for so long at most. */
const AWAY_MS_MAX = 8000;
const LOOK_EVERY_MS = 100;
/** Compactions leave so many revisions, at most. */
const COMPACT_BEHIND_MAX = 50;

/** Where to cut first, so that the next start comes to the point. */
export function leadInTo(name: Failpoint): Failpoint | undefined {
  if (!name.startsWith('recovery')) return undefined;
  return name.endsWith('Remove') ? 'tableBeforeSync' : 'walBeforeSync';
}

/** What to do so that a node comes to the point; undefined where time is enough. */
export function wayTo(name: Failpoint): ((cluster: FaultyCluster) => void) | undefined {
  if (needsSnapshots(name) || name.startsWith('current')) return sendOneAway;
  if (name.startsWith('compaction')) return compact;
  if (name.startsWith('hardState')) return restartLeader;
  if (name.startsWith('backup')) return backUp;
  return undefined;
}

/** The power of a node goes, and comes back when the others have let go of entries that it lacks. */
function sendOneAway(cluster: FaultyCluster): void {
  const { machines, queue, random } = cluster;
  const leader = cluster.leader();
  const members = leader?.shards?.shard(defaultShard)?.replica.raw.confState();
  const isAnyAway = machines.some(({ isUp, isDoomed }) => !isUp && !isDoomed);
  if (!cluster.isFormed || leader === undefined || members === undefined || isAnyAway) return;
  const { voters, learners } = members;
  const isVoter = ({ id }: Machine): boolean => voters.includes(id);
  const isVoterSpare = machines.filter((one) => one.isUp && isVoter(one)).length > Math.floor(voters.length / 2) + 1;
  const maySpare = machines.filter(
    (one) => one.isUp && one !== leader && (learners.includes(one.id) || (isVoter(one) && isVoterSpare)),
  );
  if (maySpare.length === 0) return;
  const away = pick(random, maySpare);
  const lastIndex = lastIndexOf(away);
  cluster.log(`${away.name} is sent away`);
  away.cutPower();
  const untilMs = queue.nowMs + AWAY_MS_MAX;
  const look = (): void => {
    const isLeft = (cluster.leader()?.shards?.shard(defaultShard)?.replica.log.startPosition.index ?? 0) > lastIndex;
    if (isLeft || queue.nowMs >= untilMs) cluster.start(away);
    else queue.after(LOOK_EVERY_MS, look);
  };
  look();
}

function lastIndexOf({ shards }: Machine): number {
  return shards?.shard(defaultShard)?.replica.log.lastIndex() ?? 0;
}

function restartLeader(cluster: FaultyCluster): void {
  const leader = cluster.leader();
  if (leader === undefined) return;
  leader.kill();
  cluster.startLater(leader);
}

/** Old revisions go. Nobody waits for it, as nobody may rely on it. */
function compact(cluster: FaultyCluster): void {
  const { node, processor, shards } = cluster.leader() ?? {};
  const revision = shards?.shard(defaultShard)?.replica.machine?.currentRevision ?? 0;
  if (node === undefined || revision < 2) return;
  const upTo = Math.max(1, revision - integerIn(cluster.random, 0, COMPACT_BEHIND_MAX));
  processor?.input(() => void node.kv.compact(upTo).catch(() => undefined));
}

/** A backup of one node, read to its end and verified. */
function backUp(cluster: FaultyCluster): void {
  const up = cluster.machines.filter(({ isUp, isDoomed }) => isUp && !isDoomed);
  if (up.length === 0) return;
  const { node, processor, name } = pick(cluster.random, up);
  if (node === undefined || processor === undefined) return;
  processor.input(() => {
    void node.kv
      .backup({ consistency: 'serializable' })
      .then(({ chunks }) => verifyBackup(chunks))
      .then(
        ({ revision }) => cluster.log(`${name} backup of revision ${revision}`),
        (error: unknown) => {
          // Not caught by anybody: the run is told of it as of any rejection that nobody expects.
          if (error instanceof SnapshotError && error.code === 'SNAPSHOT_DAMAGED') throw error;
          cluster.log(`${name} backup failed: ${String(error)}`);
        },
      );
  });
}
