import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startNode } from './node.js';

const fixtures = new URL('../../../test/fixtures/', import.meta.url);
const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));

for (const name of await readdir(fixtures)) {
  test(`${name}: an old data directory opens, with what was flushed and what was only in the log`, async () => {
    const root = await mkdtemp(join(tmpdir(), 'kvorum-fixture-'));
    try {
      const dataDir = join(root, 'data');
      await cp(new URL(name, fixtures), dataDir, { recursive: true });
      const node = await startNode({ dataDir, clusterName: 'fixture', clientAddress: 'off', diskReserveBytes: 0 });
      try {
        const valueOf = async (key: string, revision?: number) => text((await node.get(key, { revision })).kv?.value);
        await node.ready();
        assert.deepEqual(await node.kv.count(), { count: 30, revision: 213 });
        assert.equal(await valueOf('key-19'), 'value-199');
        assert.equal(await valueOf('key-19', 190), 'value-179');
        assert.equal(await valueOf('key-7'), undefined);
        assert.equal(await valueOf('key-7', 201), 'value-187');
        assert.equal(await valueOf('empty'), '');
        assert.equal(await valueOf('late-9'), '9');
        await assert.rejects(node.get('key-1', { revision: 149 }), { code: 'COMPACTED' });
        assert.equal((await node.put('new', 'x')).revision, 214);
      } finally {
        await node.close();
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
}
