// A cluster of three nodes in this process, as a test of your own may want it. `node main.mjs [port port port]`: the nodes' peer ports
import { startNode } from '@kvorum/server';

const given = process.argv.slice(2);
const ports = given.length === 3 ? given : ['23801', '23802', '23803'];
const peers = Object.fromEntries(ports.map((port, at) => [at + 1, `127.0.0.1:${port}`]));

// A new cluster forms when every node has met every other, so all are started before one is waited for.
const nodes = await Promise.all(
  [1, 2, 3].map((nodeId) => startNode({ nodeId, peers, storage: 'memory', clientAddress: 'off' })),
);
await Promise.all(nodes.map((node) => node.ready(30_000)));
console.log(`${nodes.length} nodes are ready`);

// Any node takes any request: writes go to the leader by themselves, reads see every write that was acknowledged before.
await nodes[0].put('greeting', 'hello');
for (const node of nodes) console.log(`node ${node.status().nodeId} reads ${await read(node, 'greeting')}`);

// Two of three are a majority: the cluster goes on without its leader.
const leader = nodes.find((node) => node.status().members.some(({ isSelf, isLeader }) => isSelf && isLeader));
await leader?.close();
console.log('the leader has left');
const rest = nodes.filter((node) => node !== leader);
await rest[0].put('greeting', 'hello again');
for (const node of rest) console.log(`a remaining node reads ${await read(node, 'greeting')}`);

await Promise.all(rest.map((node) => node.close()));

/**
 * @param {import('@kvorum/server').KvorumNode} node
 * @param {string} key
 */
async function read(node, key) {
  const { kv } = await node.get(key);
  return new TextDecoder().decode(kv?.value);
}
