import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './lib/root.mjs';
import { run } from './lib/run.mjs';

const histories = join(root, 'packages', 'sim', 'testdata', 'histories');

async function check(...args) {
  const { code, output } = await run(process.execPath, [join(root, 'scripts', 'check-history.mjs'), ...args]);
  return { code, output };
}

test('R8: check-history prints a verdict per file and tells them apart by its exit code', async () => {
  const good = join(histories, 'appends.txt');
  const bad = join(histories, 'stale-read.log');
  const none = join(histories, 'verdicts.txt');
  assert.deepEqual(await check(good), { code: 0, output: `${good} linearizable\n` });
  const both = await check('--whole', good, bad);
  assert.equal(both.code, 1);
  assert.ok(both.output.includes(`${bad} not-linearizable\n`) && both.output.includes('no order gets past'));
  const unreadable = await check(good, none);
  assert.equal(unreadable.code, 2);
  assert.ok(unreadable.output.includes(`${none} unknown\n`) && unreadable.output.includes('line 1'));
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-history-'));
  try {
    const torn = join(folder, 'torn.log');
    writeFileSync(torn, readFileSync(bad, 'utf8').trimEnd());
    const { output } = await check(torn);
    assert.ok(output.includes(`${torn} unknown\n`) && /line \d+.*may be cut off/.test(output), output);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.equal((await check()).code, 2);
  assert.equal((await check('--timeout', '0', good)).code, 2);
});
