/** A cluster of node processes on loopback, for measuring: one process per node as in production. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const microsPerClockTick = 10_000;

/** Starts `size` nodes with their data in `folder`. */
export async function startCluster(folder, size, options = {}) {
  const peerPorts = await freePorts(size);
  const peers = Object.fromEntries(peerPorts.map((port, i) => [i + 1, `127.0.0.1:${port}`]));
  const nodes = await Promise.all(
    peerPorts.map((_, i) =>
      startNode({
        nodeId: i + 1,
        peers,
        dataDir: join(folder, String(i + 1)),
        clientAddress: '127.0.0.1:0',
        ...options,
      }),
    ),
  );
  return {
    nodes,
    ports: nodes.map(({ port }) => port),
    leader: () => waitForLeader(nodes),
    cpuMicros: () => nodes.reduce((sum, { child }) => sum + cpuMicrosOf(child.pid), 0),
    async close() {
      await Promise.all(nodes.map(({ child }) => ended(child)));
    },
  };
}

function startNode(options) {
  const child = fork(new URL('./node-child.mjs', import.meta.url), [JSON.stringify(options)]);
  return new Promise((resolve, reject) => {
    child.once('message', ({ clientAddress, error }) => {
      if (error !== undefined) reject(new Error(error));
      else resolve({ child, id: options.nodeId, port: Number(clientAddress.split(':')[1]) });
    });
    child.once('exit', (code) => reject(new Error(`node ${options.nodeId} ended with ${code}`)));
  });
}

async function waitForLeader(nodes) {
  for (;;) {
    for (const node of nodes) {
      const health = await (await fetch(`http://127.0.0.1:${node.port}/health`)).json();
      const shard = health.shards.find(({ keyspace }) => keyspace === 'default');
      if (shard.role === 'leader') return node;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function ended(child) {
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.send('close');
  });
}

/** User and system time of all threads of a process (Linux). */
function cpuMicrosOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * microsPerClockTick;
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) server.close();
  return ports;
}
