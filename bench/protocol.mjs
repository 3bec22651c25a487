// Codecs of the hot messages beside protobufjs, in nanoseconds of CPU: key of 8 bytes, value of 256, as a put and a get on gRPC carry them.
// `node bench/protocol.mjs`; build first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { decodeBatchRequest, encodeBatchRequest } from '../packages/protocol/dist/kvorum/v1/batch.js';
import { encodeGetResponse } from '../packages/protocol/dist/kvorum/v1/read.js';
import { decodeSetRequest, encodeSetRequest } from '../packages/protocol/dist/kvorum/v1/write.js';
import { usedBy } from './lib/cpu.mjs';
import { figure, median } from './lib/report.mjs';

const OPERATIONS = 500_000;
const BATCH = 100;
const ROUNDS = 5;

const schema = new protobuf.Root();
for (const name of ['error', 'read', 'write', 'batch']) {
  const path = join(import.meta.dirname, '..', 'packages', 'protocol', 'proto', 'kvorum', 'v1', `${name}.proto`);
  protobuf.parse(readFileSync(path, 'utf8'), schema);
}
const [SetRequest, GetResponse, BatchRequest] = ['SetRequest', 'GetResponse', 'BatchRequest'].map((name) =>
  schema.lookupType(`kvorum.v1.${name}`),
);

const key = new Uint8Array(8).fill(0x6b);
const value = new Uint8Array(256).fill(0x76);
const set = { key, value, session: 123_456, sequence: 789, firstUnacknowledged: 780 };
const found = { key, value, createRevision: 1_000, modRevision: 2_000_000, version: 12, revision: 3_000_000 };
const batch = { operations: Array.from({ length: BATCH }, () => ({ set })) };
const setBytes = encodeSetRequest(set);
const batchBytes = encodeBatchRequest(batch);

/** Median nanoseconds per call. */
async function cost(call, calls) {
  let kept = 0;
  const run = () => {
    for (let n = 0; n < calls; n += 1) kept += call() === undefined ? 1 : 0;
  };
  run();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push((await usedBy(run)).main);
  if (kept > 0) throw new Error('a codec gave nothing');
  return (median(rounds) / calls) * 1000;
}

/** Prints a codec's cost beside that of protobufjs. */
async function compare(name, operations, ours, theirs) {
  const calls = OPERATIONS / operations;
  figure(`${name}, 8 + 256 bytes`, (await cost(ours, calls)) / operations, 'ns', { most: 400 });
  figure(`${name}, protobufjs`, (await cost(theirs, calls)) / operations, 'ns');
}

await compare(
  'SetRequest decode',
  1,
  () => decodeSetRequest(setBytes),
  () => SetRequest.decode(setBytes),
);
await compare(
  'SetRequest encode',
  1,
  () => encodeSetRequest(set),
  () => SetRequest.encode(set).finish(),
);
await compare(
  'GetResponse encode',
  1,
  () => encodeGetResponse(found),
  () => GetResponse.encode(found).finish(),
);
await compare(
  'BatchRequest decode, per operation',
  BATCH,
  () => decodeBatchRequest(batchBytes),
  () => BatchRequest.decode(batchBytes),
);
