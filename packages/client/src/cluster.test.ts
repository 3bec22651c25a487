/** The client against three real nodes: balance, loss of the leader, exactly-once increments (R20). */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { test, type TestContext } from 'node:test';
import { type KvorumNode, startNode } from '@kvorum/server';
import type { ClientOptions } from './base/options.js';
import type { Client } from './client.js';
import { connect } from './connect.js';

interface Cluster {
  readonly addresses: readonly string[];
  readonly client: Client;
  /** Stops the node that leads, and starts it again when the others have a new leader. */
  readonly changeLeader: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

async function startCluster(t: TestContext, options: ClientOptions = {}): Promise<Cluster> {
  const root = await mkdtemp(`${tmpdir()}/kvorum-client-`);
  const peers: Record<string, string> = {};
  const addresses: string[] = [];
  for (const id of [1, 2, 3]) {
    peers[id] = `127.0.0.1:${await freePort()}`;
    addresses.push(`127.0.0.1:${await freePort()}`);
  }
  const nodes = new Map<number, KvorumNode>();
  const start = async (id: number): Promise<void> => {
    const node = await startNode({
      nodeId: id,
      peers,
      dataDir: `${root}/${id}`,
      clientAddress: addresses[id - 1] ?? '',
      diskReserveBytes: 0,
      heartbeatMs: 40,
      electionTimeoutMs: 300,
    });
    nodes.set(id, node);
  };
  await Promise.all([1, 2, 3].map(start));
  t.after(async () => {
    await Promise.all([...nodes.values()].map((node) => node.close()));
    await rm(root, { recursive: true, force: true });
  });
  const client = await connect(addresses[0] ?? '', { timeoutMs: 60_000, refreshMs: 500, ...options });
  t.after(() => client.close());
  await client.set('ready', 'yes');
  const leaderOf = (): number | undefined =>
    [...nodes].find(([, node]) =>
      node.status().shards.some(({ keyspace, role }) => keyspace === 'default' && role === 'leader'),
    )?.[0];
  const restart = async (id: number): Promise<void> => {
    const node = nodes.get(id);
    nodes.delete(id);
    await node?.close();
    await client.set('restarted', String(id));
    await start(id);
  };
  return {
    addresses,
    client,
    async changeLeader() {
      const leader = leaderOf();
      assert.ok(leader !== undefined, 'somebody leads');
      await restart(leader);
    },
  };
}

test('writes go to the leader, reads to followers, found through one address', async (t) => {
  const { client, addresses } = await startCluster(t);
  await client.servers();
  for (let at = 0; at < 20; at += 1) {
    await client.set('key', String(at));
    assert.equal((await client.get('key'))?.text(), String(at), 'a follower reads what was acknowledged');
  }
  const leader = (await client.servers()).find(({ isLeader }) => isLeader)?.address;
  const { servers } = client.stats();
  assert.deepEqual(servers.map(({ address }) => address).sort(), [...addresses].sort());
  const followers = servers.filter(({ address }) => address !== leader);
  assert.ok(
    followers.every(({ reads }) => reads >= 8),
    JSON.stringify(servers),
  );
  assert.ok(
    servers.every(({ address, writes }) => address === leader || writes <= 2),
    JSON.stringify(servers),
  );
});

test('R20: increments over leaders that are stopped: no error, and every one counts once', async (t) => {
  const { client, changeLeader } = await startCluster(t);
  let isOver = false;
  const writer = async (name: string): Promise<number> => {
    let { revision } = await client.set(name, '0');
    let count = 0;
    while (!isOver) {
      count += 1;
      // Nobody else writes this key: a conflict would be our own write, done twice.
      ({ revision } = await client.set(name, String(count), { ifModRevision: revision }));
    }
    return count;
  };
  const shared = async (): Promise<number> => {
    let count = 0;
    for (; !isOver; count += 1) await client.json.update<number>('shared', (value = 0) => value + 1);
    return count;
  };
  const names = ['w1', 'w2', 'w3', 'w4'];
  const counts = Promise.all(names.map(writer));
  const sharedCounts = Promise.all([shared(), shared()]);
  for (let kill = 0; kill < 3; kill += 1) await changeLeader();
  isOver = true;
  const expected = await counts;
  const total = (await sharedCounts).reduce((sum, count) => sum + count, 0);
  const found = await Promise.all(names.map(async (name) => (await client.get(name))?.text()));
  assert.deepEqual(found, expected.map(String));
  assert.equal((await client.json.get<number>('shared'))?.value, total);
  assert.ok(expected.every((count) => count > 0));
});
