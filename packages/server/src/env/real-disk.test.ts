import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRealDisk } from './real-disk.js';
import { replaceFile } from './replace-file.js';
import { testDisk } from './testing/disk-suite.js';

async function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kvorum-disk-'));
}

testDisk('real disk', async () => {
  const root = await temporaryDirectory();
  return { disk: createRealDisk(), root, dispose: () => rm(root, { recursive: true }) };
});

test('S2: directories have mode 0700, files 0600', { skip: process.platform === 'win32' }, async () => {
  const root = await temporaryDirectory();
  const disk = createRealDisk();
  await disk.makeDir(`${root}/a/b`);
  await replaceFile({ disk }, `${root}/a/f`, new Uint8Array(1), 'current');
  assert.equal((await stat(`${root}/a`)).mode & 0o777, 0o700);
  assert.equal((await stat(`${root}/a/b`)).mode & 0o777, 0o700);
  assert.equal((await stat(`${root}/a/f`)).mode & 0o777, 0o600);
  await rm(root, { recursive: true });
});

/** Takes the lock in a process of its own and prints whether it has it; then waits. */
const LOCK_HOLDER = `
  const { createRealDisk } = await import(process.argv[1]);
  const lock = await createRealDisk().lock(process.argv[2]);
  console.log(lock === undefined ? 'refused' : 'held');
  if (lock !== undefined) process.stdin.resume();
`;

function startHolder(path: string) {
  const module = new URL('./real-disk.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', LOCK_HOLDER, module, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answer = once(child.stdout, 'data').then(([chunk]) => String(chunk).trim());
  return { child, answer };
}

test('S2: a lock excludes other processes and goes with its process, kill -9 included', async () => {
  const root = await temporaryDirectory();
  // Longer than a socket path may be.
  const path = `${root}/${'long'.repeat(30)}`;
  const disk = createRealDisk();
  await disk.makeDir(path);
  const { child, answer } = startHolder(`${path}/LOCK`);
  assert.equal(await answer, 'held');
  assert.equal(await disk.lock(`${path}/LOCK`), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = await disk.lock(`${path}/LOCK`);
  assert.ok(lock !== undefined);
  assert.equal((await readdir(path)).length, 1, 'what the dead process left is cleared');
  const second = startHolder(`${path}/LOCK`);
  assert.equal(await second.answer, 'refused');
  await lock.release();
  await rm(root, { recursive: true });
});

test('S2: of many starters at once at most one takes the lock', async () => {
  const root = await temporaryDirectory();
  const disk = createRealDisk();
  for (let round = 0; round < 20; round++) {
    const locks = await Promise.all(Array.from({ length: 5 }, () => disk.lock(`${root}/LOCK`)));
    const held = locks.filter((lock) => lock !== undefined);
    assert.ok(held.length <= 1);
    await Promise.all(held.map((lock) => lock.release()));
  }
  await rm(root, { recursive: true });
});
