import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRealDisk } from '../env/real-disk.js';
import {
  DataDirectoryError,
  type DataDirectoryErrorCode,
  openDataDirectory,
  openMemoryDirectory,
} from './data-directory.js';
import { seal } from './sealed-file.js';

const clusterId = 'aaaaaaaaaaaaaaaa';
let drawn = 0;
const random = {
  uint32: () => 0,
  float: () => 0,
  bytes: (length: number) => new Uint8Array(length).fill((drawn += 1)),
};
const deps = { disk: createRealDisk(), random, clock: { wallMs: () => 1_700_000_000_000 } };

const open = (path: string, changes: { nodeId?: number; clusterId?: string } = {}) =>
  openDataDirectory(deps, { path, nodeId: 1, clusterId, configuredNodes: [1, 2], ...changes });

const isRefused =
  (code: DataDirectoryErrorCode, ...parts: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof DataDirectoryError, String(error));
    assert.equal(error.code, code);
    for (const part of parts) assert.ok(error.message.includes(part), `${error.message}: ${part}`);
    return true;
  };

/** Runs with the path of a directory that does not exist yet. */
async function withPath(run: (path: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(join(tmpdir(), 'kvorum-data-'));
  try {
    await run(`${parent}/deep/data`);
  } finally {
    await rm(parent, { recursive: true });
  }
}

test('S2: a new directory has mode 0700; opened again it is the same node', () =>
  withPath(async (path) => {
    const first = await open(path);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal((await stat(`${path}/IDENTITY`)).mode & 0o777, 0o600);
    assert.equal(first.isNew, true);
    assert.match(first.identity.incarnation, /^[0-9a-f]{16}$/);
    await first.incarnations.register(2, 'bbbbbbbbbbbbbbbb');
    await first.close();
    await first.close();
    const again = await open(path);
    assert.deepEqual([again.identity, again.isNew], [first.identity, false]);
    assert.equal(again.incarnations.lookup(2), 'bbbbbbbbbbbbbbbb');
    await again.close();
  }));

test('S2: a second process is refused with the directory named, and gets it after a close', () =>
  withPath(async (path) => {
    const first = await open(path);
    await assert.rejects(open(path), isRefused('DATA_DIR_LOCKED', path, 'another process'));
    await first.close();
    await (await open(path)).close();
  }));

test('S2: the directory of another node or cluster is refused with both named', () =>
  withPath(async (path) => {
    await (await open(path)).close();
    await assert.rejects(open(path, { nodeId: 7 }), isRefused('DATA_DIR_OTHER_NODE', path, 'node 1', 'node 7'));
    const other = 'cccccccccccccccc';
    await assert.rejects(open(path, { clusterId: other }), isRefused('DATA_DIR_OTHER_CLUSTER', path, clusterId, other));
    await (await open(path)).close();
  }));

test('S2: a newer format is refused and the formats named', () =>
  withPath(async (path) => {
    await (await open(path)).close();
    await writeFile(`${path}/FORMAT`, seal({ program: 'kvorum', format: 2 }));
    await assert.rejects(open(path), isRefused('DATA_DIR_NEWER_FORMAT', path, 'format 2', 'format 1'));
  }));

test('S2: a directory with other content is refused and left as it is', () =>
  withPath(async (path) => {
    await mkdir(path, { recursive: true });
    await writeFile(`${path}/thesis.txt`, 'mine');
    await assert.rejects(open(path), isRefused('DATA_DIR_FOREIGN', path, 'thesis.txt'));
    assert.deepEqual(await deps.disk.list(path), ['thesis.txt']);
    await rm(`${path}/thesis.txt`);
    await (await open(path)).close();
  }));

test('S2: a damaged or missing file is refused, never guessed', () =>
  withPath(async (path) => {
    await (await open(path)).close();
    for (const name of ['FORMAT', 'IDENTITY', 'INCARNATIONS']) {
      const good = await readFile(`${path}/${name}`);
      for (let at = 0; at < good.length; at += 7) {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ 4;
        await writeFile(`${path}/${name}`, bad);
        await assert.rejects(open(path), isRefused('DATA_DIR_DAMAGED', path, name));
      }
      if (name !== 'FORMAT') {
        await rm(`${path}/${name}`);
        await assert.rejects(open(path), isRefused('DATA_DIR_DAMAGED', path, name));
      }
      await writeFile(`${path}/${name}`, good);
    }
    await (await open(path)).close();
  }));

test('a creation that was cut off is done again', () =>
  withPath(async (path) => {
    await (await open(path)).close();
    await rm(`${path}/FORMAT`);
    const again = await open(path);
    assert.equal(again.isNew, true);
    await again.close();
  }));

test('a node in memory has a new incarnation each time', () => {
  const start = () => openMemoryDirectory(random, { nodeId: 1, clusterId, configuredNodes: [1] });
  const { identity, incarnations } = start();
  assert.notEqual(identity.incarnation, start().identity.incarnation);
  assert.equal(incarnations.isComplete(), true);
});
