/**
 * Makes a data directory of the current format for test/fixtures: run once per data format, never to make a failing test pass.
 * One part of it is flushed to the store, one is only in the log, as after a crash.
 *
 *   node scripts/make-fixture.mjs test/fixtures/data-v1
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../packages/server/dist/index.js';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: node scripts/make-fixture.mjs DIRECTORY');
const root = await mkdtemp(join(tmpdir(), 'kvorum-fixture-'));
const dataDir = join(root, 'data');
const options = { dataDir, clusterName: 'fixture', clientAddress: 'off', walSegmentBytes: 16_384, diskReserveBytes: 0 };

const first = await startNode(options);
await first.ready();
for (let i = 0; i < 200; i += 1) await first.put(`key-${i % 20}`, `value-${i}`);
await first.delete('key-7');
await first.put('empty', '');
await first.kv.compact(150);
await first.close();

const second = await startNode(options);
await second.ready();
for (let i = 0; i < 10; i += 1) await second.put(`late-${i}`, `${i}`);
// A copy of the running node's files is what a crash would leave: these puts are in the log only.
await cp(dataDir, target, { recursive: true, filter: (path) => !/(LOCK[^/]*|lock\.mdb)$/.test(path) });
await second.close();
await rm(root, { recursive: true });
