// A durable store inside this process: one node, no ports. `node main.mjs [data directory]`
import { startNode } from '@kvorum/server';

const dataDir = process.argv[2] ?? './one-node-data';
const node = await startNode({ dataDir, clientAddress: 'off' });
await node.ready();

// Keys and values are bytes; strings are taken as UTF-8. A put is on the disk when it resolves.
await node.put('fruit/apple', 'red');
await node.put('fruit/banana', 'yellow');
const apple = await node.get('fruit/apple');
console.log(`apple is ${text(apple.kv?.value)}`);

// Compare-and-set: only the run that finds the counter as it was read may change it.
const counter = await node.get('runs');
const runs = Number(text(counter.kv?.value) || '0') + 1;
const condition = counter.kv === undefined ? { ifAbsent: true } : { ifModRevision: counter.kv.modRevision };
await node.put('runs', String(runs), condition);
console.log(`this program ran ${runs} time${runs === 1 ? '' : 's'} on this directory`);

// A list shows one moment, whatever is written while its pages are read.
const listing = await node.list({ prefix: new TextEncoder().encode('fruit/') });
for await (const page of listing.pages) {
  for (const { key, value } of page) console.log(`${text(key)} = ${text(value)}`);
}

await node.delete('fruit/banana');
const banana = await node.get('fruit/banana');
console.log(`banana is ${banana.kv === undefined ? 'gone' : 'still there'}`);

await node.close();

/** @param {Uint8Array | undefined} bytes */
function text(bytes) {
  return new TextDecoder().decode(bytes);
}
