/** Reads with a bound for their age, and what nodes tell each other of themselves, over real sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { version } from '../version.js';
import { startCluster } from './cluster.js';

test('every node of a cluster comes to answer bounded reads from its own state', async () => {
  const cluster = await startCluster(3, { zone: 'here' });
  try {
    const leader = await cluster.leader();
    await leader.put('k', 'value');
    const key = new TextEncoder().encode('k');
    const bounded = { consistency: 'maxStaleness', maxStalenessMs: 60_000 } as const;
    for (const node of cluster.nodes.values()) {
      // It knows after the second round that it answers.
      for (let tries = 0; ; tries += 1) {
        const found = await node.kv.get(key, bounded).catch((error: unknown) => error);
        if (!(found instanceof Error)) break;
        assert.ok(tries < 10_000, found.message);
        await node.ready();
      }
    }
    for (const node of cluster.nodes.values()) {
      const told = node.status().members.map(({ zone, version: of, membership }) => [zone, of, membership]);
      assert.deepEqual(told, new Array(3).fill(['here', version, 'voter']));
    }
  } finally {
    await cluster.close();
  }
});
