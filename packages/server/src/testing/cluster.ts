/** Clusters of real nodes in one process, for tests: real sockets on free ports, disk in a temporary directory or memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KvorumNode, type StartOptions, startNode } from '../node.js';
import type { StartDeps } from '../start-deps.js';

export interface TestCluster {
  readonly nodes: Map<number, KvorumNode>;
  /** The leader of the default keyspace once one is known to all running nodes. */
  leader(): Promise<KvorumNode>;
  followers(): Promise<KvorumNode[]>;
  /** What nodes that are started from now on get. */
  depsOf: (id: number) => StartDeps;
  /** Starts a node that is not running. */
  start(id: number): Promise<KvorumNode>;
  /** Closes one node. */
  stop(id: number): Promise<void>;
  dataDir(id: number): string;
  close(): Promise<void>;
}

/** Timings that elect a leader within some 100 ms. */
export const fastTimings = { heartbeatMs: 20, electionTimeoutMs: 100 } as const;

export async function startCluster(
  size: number,
  options: StartOptions = {},
  deps: StartDeps | ((id: number) => StartDeps) = {},
): Promise<TestCluster> {
  const root = await mkdtemp(join(tmpdir(), 'kvorum-test-'));
  const ports = await freePorts(size);
  const peers = Object.fromEntries(ports.map((port, i) => [i + 1, `127.0.0.1:${port}`]));
  const nodes = new Map<number, KvorumNode>();
  const dataDir = (id: number): string => join(root, `node-${id}`);
  const start = async (id: number): Promise<KvorumNode> => {
    const node = await startNode(
      {
        nodeId: id,
        peers,
        dataDir: dataDir(id),
        clientAddress: 'off',
        diskReserveBytes: 0,
        walSegmentBytes: 1 << 20,
        ...fastTimings,
        ...options,
      },
      cluster.depsOf(id),
    );
    nodes.set(id, node);
    return node;
  };
  const cluster: TestCluster = {
    depsOf: (id) => (typeof deps === 'function' ? deps(id) : deps),
    nodes,
    dataDir,
    start,
    async stop(id) {
      const node = nodes.get(id);
      nodes.delete(id);
      await node?.close();
    },
    leader: () => waitFor(() => agreedLeader(nodes), 'a leader that all nodes know'),
    async followers() {
      const leader = await cluster.leader();
      return [...nodes.values()].filter((node) => node !== leader);
    },
    async close() {
      await Promise.all([...nodes.values()].map((node) => node.close()));
      await rm(root, { recursive: true, force: true });
    },
  };
  await Promise.all(ports.map((_, i) => start(i + 1)));
  return cluster;
}

/** Polls until `probe` gives something; fails after `timeoutMs`. For conditions that have no event. */
export async function waitFor<T>(probe: () => T | undefined, what: string, timeoutMs = 10_000): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const found = probe();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  return ports;
}

async function listenAnywhere(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { port: address.port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

function agreedLeader(nodes: ReadonlyMap<number, KvorumNode>): KvorumNode | undefined {
  const leaders = new Set([...nodes.values()].map((node) => defaultShardOf(node).leader));
  const [leader] = leaders;
  if (leaders.size !== 1 || leader === undefined) return undefined;
  const node = nodes.get(leader);
  return node !== undefined && defaultShardOf(node).role === 'leader' ? node : undefined;
}

/** The default keyspace's shard in a node's status. */
export function defaultShardOf(node: KvorumNode) {
  const shard = node.status().shards.find(({ keyspace }) => keyspace === 'default');
  if (shard === undefined) throw new Error('no default shard');
  return shard;
}
