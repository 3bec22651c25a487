import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCluster } from './testing/cluster.js';

const KiB = 1024;

/** More rounds than any machine needs until the log has let go of its first segment. */
const roundsMax = 60;

test('the log of a node stays near what it retains, though the system shard is idle', async () => {
  const bounds = { walSegmentBytes: 64 * KiB, logRetainBytes: 64 * KiB, logRetainBytesNode: 64 * KiB };
  const cluster = await startCluster(3, bounds);
  try {
    const leader = await cluster.leader();
    await leader.ready();
    const walPath = join(cluster.dataDir(leader.status().nodeId), 'wal');
    const segments = async () => (await readdir(walPath)).sort();
    const [first = ''] = await segments();
    const value = 'x'.repeat(16 * KiB);
    let rounds = 0;
    do {
      for (let i = 0; i < 16; i++) await leader.put(`key-${i}`, value);
      rounds++;
    } while ((await segments()).includes(first) && rounds < roundsMax);
    assert.ok(rounds < roundsMax, `the first segment is still there after ${rounds * 256} KiB`);
  } finally {
    await cluster.close();
  }
});
