import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { type KvorumNode, startNode } from '@kvorum/server';
import { exitCodes } from '../exit-codes.js';
import { run } from '../testing/run.js';
import { freePorts, temporaryDirectory } from '../testing/temporary.js';
import { showBytes, showProgress } from '../progress.js';

const options = { diskReserveBytes: 0, walSegmentBytes: 1 << 20, heartbeatMs: 20, electionTimeoutMs: 100 } as const;

/** A node in memory with 50 writes, and its endpoint. */
async function source(t: TestContext): Promise<{ node: KvorumNode; endpoint: string }> {
  const node = await startNode({ ...options, storage: 'memory', clientAddress: '127.0.0.1:0' });
  t.after(() => node.close());
  await node.ready();
  for (let i = 0; i < 50; i += 1) await node.put(`key-${i % 10}`, `value-${i}`);
  return { node, endpoint: node.clientAddress ?? assert.fail() };
}

async function backedUp(t: TestContext): Promise<{ folder: string; file: string }> {
  const folder = await temporaryDirectory(t);
  const file = join(folder, 'kvorum.backup');
  const { endpoint } = await source(t);
  assert.equal((await run(['backup', file, '-e', endpoint])).code, 0);
  return { folder, file };
}

test('backup, verify, restore on three nodes: keys, old revisions and the next revision', async (t) => {
  const { folder, file } = await backedUp(t);
  const verified = await run(['backup', 'verify', file]);
  assert.deepEqual(
    [verified.code, verified.out.split(', verified')[0]?.split(' records')[0]],
    [0, 'ok, revision 51, 50'],
  );
  assert.match(verified.err, /^verifying done, \S+ KiB\n$/);

  const first = await freePorts(3);
  const peers = { 1: `127.0.0.1:${first}`, 2: `127.0.0.1:${first + 1}`, 3: `127.0.0.1:${first + 2}` };
  const peerFlags = Object.entries(peers).flatMap(([id, address]) => ['--peers', `${id}=${address}`]);
  const dirOf = (id: number) => join(folder, `node-${id}`);
  const clusterIds = new Set<unknown>();
  for (const id of [1, 2, 3]) {
    const flags = ['--node-id', String(id), '--data-dir', dirOf(id), ...peerFlags];
    const { code, out, err } = await run(['restore', file, ...flags, '--json']);
    assert.deepEqual([code, err], [0, '']);
    const told: Record<string, unknown> = JSON.parse(out);
    assert.deepEqual([told['nodeId'], told['revision'], told['records'], told['dataDir']], [id, 51, 50, dirOf(id)]);
    clusterIds.add(told['clusterId']);
  }
  assert.equal(clusterIds.size, 1);
  const nodes = await Promise.all(
    [1, 2, 3].map((nodeId) => startNode({ ...options, nodeId, peers, dataDir: dirOf(nodeId), clientAddress: 'off' })),
  );
  t.after(() => Promise.all(nodes.map((node) => node.close())));
  for (const node of nodes) {
    await node.ready();
    assert.equal(Buffer.from((await node.get('key-3')).kv?.value ?? []).toString(), 'value-43');
    assert.equal(Buffer.from((await node.get('key-3', { revision: 20 })).kv?.value ?? []).toString(), 'value-13');
  }
  assert.equal((await nodes[0]?.put('new', 'x'))?.revision, 52);
});

test('a flipped bit and a cut file are refused, and nothing is written', async (t) => {
  const { folder, file } = await backedUp(t);
  const whole = await readFile(file);
  const bad = join(folder, 'bad.backup');
  const dataDir = join(folder, 'data');
  const flipped = Buffer.from(whole);
  flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 4;
  for (const [content, code] of [
    [flipped, 'SNAPSHOT_DAMAGED'],
    [whole.subarray(0, -20), 'SNAPSHOT_INCOMPLETE'],
    [whole.subarray(0, 0), 'SNAPSHOT_INCOMPLETE'],
    [Buffer.from('not a backup at all'), 'SNAPSHOT_DAMAGED'],
  ] as const) {
    await writeFile(bad, content);
    for (const args of [
      ['backup', 'verify', bad, '--json'],
      ['restore', bad, '--data-dir', dataDir, '--json'],
    ]) {
      const { code: exit, out, err } = await run(args);
      assert.deepEqual([exit, out], [exitCodes.dataDamaged.code, '']);
      assert.equal(JSON.parse(err).error.code, code);
      assert.equal(existsSync(dataDir), false);
    }
  }
  assert.match((await run(['restore', bad, '--data-dir', dataDir])).err, /bad\.backup: .*\n.*Use another copy/);
});

test('a file or a directory that is there is kept, wrong usage is told', async (t) => {
  const { folder, file } = await backedUp(t);
  const before = await readFile(file);
  const { endpoint } = await source(t);
  const again = await run(['backup', file, '-e', endpoint]);
  assert.equal(again.code, exitCodes.failed.code);
  assert.match(again.err, /exists already/);
  assert.ok(before.equals(await readFile(file)));
  assert.equal((await run(['backup', file, '--force', '-e', endpoint, '--json'])).code, 0);
  const full = await run(['restore', file, '--data-dir', folder]);
  assert.equal(full.code, exitCodes.failed.code);
  assert.match(full.err, /is not empty/);
  assert.equal((await run(['restore', join(folder, 'none')])).code, exitCodes.usage.code);
  assert.equal((await run(['backup', 'verify', folder])).code, exitCodes.usage.code);
  assert.equal((await run(['restore', file, '--node-id', '0'])).code, exitCodes.usage.code);
  assert.deepEqual(await readdir(folder), ['kvorum.backup']);
});

test('a stream that breaks off or is damaged leaves no file', async (t) => {
  const { folder, file } = await backedUp(t);
  const whole = await readFile(file);
  const middle = whole.length >> 1;
  const server = createServer((request, response) => {
    if (request.url?.includes('serializable') === true) {
      const damaged = Buffer.from(whole);
      damaged[middle] = (damaged[middle] ?? 0) ^ 1;
      response.end(damaged);
      return;
    }
    response.write(whole.subarray(0, middle), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  const endpoint = typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : assert.fail();
  const target = join(folder, 'new.backup');
  const broken = await run(['backup', target, '-e', endpoint]);
  assert.equal(broken.code, exitCodes.failed.code);
  assert.match(broken.err, /broke off/);
  const damaged = await run(['backup', target, '--serializable', '-e', endpoint]);
  assert.equal(damaged.code, exitCodes.dataDamaged.code);
  assert.deepEqual(await readdir(folder), ['kvorum.backup']);
});

/** What a progress of 1,000 bytes prints when a tenth is done every `stepMs`. */
function shown(isErrorTty: boolean, isJson: boolean, stepMs: number): string {
  const stderr = new PassThrough();
  let nowMs = 0;
  const progress = showProgress(
    { stderr, isErrorTty },
    { label: 'verifying', show: showBytes, total: 1000, isJson, nowMs: () => nowMs },
  );
  for (let done = 100; done <= 1000; done += 100) {
    nowMs += stepMs;
    progress.update(done);
  }
  progress.finish();
  const printed: Buffer | null = stderr.read();
  return printed?.toString('utf8') ?? '';
}

test('progress is a bar on a terminal, a line now and then otherwise, nothing with --json', () => {
  const bar = shown(true, false, 100);
  assert.equal(bar.split('\r').length, 12);
  assert.ok(bar.includes(`\rverifying [${'#'.repeat(15)}${'.'.repeat(15)}] 50 % (500 bytes)\x1b[K`));
  assert.ok(bar.endsWith('\rverifying done, 1000 bytes\x1b[K\n'));
  assert.equal(
    shown(false, false, 1000),
    'verifying 50 % (500 bytes)\nverifying 99 % (1000 bytes)\nverifying done, 1000 bytes\n',
  );
  assert.equal(shown(false, false, 10), 'verifying done, 1000 bytes\n');
  assert.equal(shown(true, true, 1000), '');
});

test('bytes are shown in a unit that fits', () => {
  const table: [number, string][] = [
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [1536 * 1024, '1.5 MiB'],
    [3 * 1024 ** 4, '3.0 TiB'],
  ];
  for (const [bytes, words] of table) assert.equal(showBytes(bytes), words);
});

test('S1: a backup file with noise anywhere is refused or is what it was', async (t) => {
  const { folder, file } = await backedUp(t);
  const whole = await readFile(file);
  const bad = join(folder, 'bad.backup');
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 30 }), async (at, noise) => {
      const content = Buffer.from(whole);
      content.set(noise.subarray(0, whole.length - at), at);
      await writeFile(bad, content);
      const { code } = await run(['backup', 'verify', bad, '--json']);
      assert.equal(code, content.equals(whole) ? 0 : exitCodes.dataDamaged.code);
    }),
    { numRuns: 60 },
  );
});
