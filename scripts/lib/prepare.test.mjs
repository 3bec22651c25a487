import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installProblem, removeStaleOutput } from './prepare.mjs';

function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-prepare-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('an install is stale when the lockfile says something else', (t) => {
  const folder = scratch(t);
  const write = (path, packages) => writeFileSync(join(folder, path), JSON.stringify({ packages }));
  write('package-lock.json', {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '1.0.0', optional: true },
  });
  assert.equal(installProblem(folder), 'nothing is installed');
  mkdirSync(join(folder, 'node_modules'));
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '0.9.0' } });
  assert.equal(installProblem(folder), 'a is not as locked');
  write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
  assert.equal(installProblem(folder), undefined);
});

test('compiled files without a source are removed', (t) => {
  const folder = scratch(t);
  for (const name of ['src/deep', 'dist/deep']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'src/deep/kept.ts'), '');
  for (const name of ['kept.js', 'kept.d.ts', 'gone.test.js', 'gone.test.js.map', 'gone.test.d.ts', 'data.json']) {
    writeFileSync(join(folder, 'dist/deep', name), '');
  }
  assert.equal(removeStaleOutput([folder]), 3);
  assert.ok(existsSync(join(folder, 'dist/deep/kept.d.ts')));
  assert.ok(existsSync(join(folder, 'dist/deep/data.json')));
});
