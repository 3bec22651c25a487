// Each repository rule can fail, and lets the right thing pass.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as bannedCalls from './banned-calls.mjs';
import * as barrels from './barrels.mjs';
import * as exactNumbers from './exact-numbers.mjs';
import * as fileSize from './file-size.mjs';
import * as importCycles from './import-cycles.mjs';
import * as importLevels from './import-levels.mjs';
import * as lockfile from './lockfile.mjs';
import * as neutralText from './neutral-text.mjs';

const MANIFESTS = Object.entries({
  'package.json': { devDependencies: { 'fast-check': '1' } },
  'packages/core/package.json': { name: '@kvorum/core' },
  'packages/server/package.json': { name: '@kvorum/server', dependencies: { '@kvorum/core': '1', lmdb: '1' } },
  'packages/cli/package.json': { name: 'kvorum', dependencies: { yaml: '1' } },
}).map(([path, manifest]) => ({ path, text: JSON.stringify(manifest) }));

function found(rule, sources) {
  const files = Object.entries(sources).map(([path, text]) => ({ path, text }));
  return rule.check([...MANIFESTS, ...files]).map(({ path, line, message }) => `${path}:${line} ${message}`);
}

const levels = (path, text) => found(importLevels, { [path]: text }).map((finding) => finding.replace(/^\S+ /, ''));

test('import levels: packages', () => {
  const from = (name) => `packages/${name}/src/env/a.ts`;
  assert.deepEqual(
    levels(from('server'), "import { a } from '@kvorum/core/base/a.js';\nimport { open } from 'lmdb';"),
    [],
  );
  assert.deepEqual(levels(from('cli'), "import { a } from '@kvorum/core/base/a.js';"), [
    'cli must not import @kvorum/core',
  ]);
  assert.deepEqual(levels(from('server'), "import { a } from 'left';"), [
    '"left" is not a dependency of packages/server',
  ]);
  assert.deepEqual(levels(from('server'), "import { a } from '../../../core/src/a.js';"), [
    '"../../../core/src/a.js" leaves the package',
  ]);
  assert.deepEqual(levels('packages/core/src/raft/a.ts', "import fs from 'node:fs';"), [
    'core must not import Node\'s "node:fs"',
  ]);
  assert.deepEqual(levels('packages/core/src/raft/a.test.ts', "import 'node:test';\nimport fc from 'fast-check';"), []);
});

test('import levels: folders', () => {
  const server = (folder, specifier) =>
    levels(`packages/server/src/${folder}/a.ts`, `export type A = import('${specifier}').B;`);
  assert.deepEqual(server('shard', '../storage/b.js'), []);
  assert.deepEqual(server('storage', '../transport/b.js'), ['storage and transport must not know each other']);
  assert.deepEqual(server('env', '../storage/b.js'), ['env must not import storage (a higher level)']);
  assert.deepEqual(server('service', '../node.js'), ['service must not import the top level (a higher level)']);
  assert.deepEqual(server('misc', './b.js'), ['folder "misc" has no level in scripts/check/import-levels.mjs']);
  assert.deepEqual(levels('packages/server/src/node.ts', "import { a } from './api/http/a.js';"), []);
  assert.deepEqual(levels('packages/core/src/raft/a.ts', "import { a } from '../kv/a.js';"), [
    'raft and kv must not know each other',
  ]);
  assert.deepEqual(levels('packages/core/src/base/a.ts', "import { a } from '../raft/a.js';"), [
    'base must not import raft (a higher level)',
  ]);
  assert.deepEqual(levels('packages/core/src/raft/a.ts', "import { a } from './testing/a.js';"), [
    '"./testing/a.js" is only there for tests',
  ]);
});

test('import cycles', () => {
  const a = "import { b } from './b.js';";
  const cycle = { 'packages/core/src/a.ts': a, 'packages/core/src/b.ts': "import { a } from './a.js';" };
  assert.deepEqual(found(importCycles, cycle), [
    'packages/core/src/b.ts:1 cycle: packages/core/src/a.ts → packages/core/src/b.ts → packages/core/src/a.ts',
  ]);
  const typed = { 'packages/core/src/a.ts': a, 'packages/core/src/b.ts': "import type { a } from './a.js';" };
  assert.deepEqual(found(importCycles, typed), []);
});

test('file size', () => {
  const path = 'packages/core/src/a.ts';
  const lines = (count, header = '') => ({ [path]: `${header}${'let a;\n'.repeat(count)}` });
  assert.deepEqual(found(fileSize, lines(400)), []);
  assert.match(found(fileSize, lines(401))[0], /401 lines: the header must say/);
  assert.deepEqual(found(fileSize, lines(450, '/* Longer than 400\n * lines because it is a table. */\n')), []);
  assert.match(found(fileSize, lines(600, '// Longer than 400 lines because.\n'))[0], /601 lines, 600 is the most/);
});

test('R1: exact numbers', () => {
  const uses = (text, path = 'packages/sim/src/world/a.ts') => found(exactNumbers, { [path]: text }).length;
  for (const text of [
    'Math.log(x);',
    "Math['pow'](x, y);",
    'const a = x ** y;',
    'const a = min * (max / min) ** part;',
  ])
    assert.ok(uses(text) > 0, text);
  for (const text of ['Math.floor(x);', 'const a = 2 ** 32;', 'const a = 2 ** failures;', 'const a = KiB ** 3;'])
    assert.equal(uses(text), 0, text);
  assert.equal(uses('Math.log(x);', 'packages/sim/src/world/a.test.ts'), 0);
  assert.equal(uses('Math.log(x);', 'packages/cli/src/a.ts'), 0);
});

test('R1: banned calls', () => {
  const uses = (text, path = 'packages/server/src/shard/a.ts') => found(bannedCalls, { [path]: text }).length;
  const banned = [
    'const a = Date.now();',
    'const a = new Date();',
    'const a = Math.random();',
    'setTimeout(() => 0, 1);',
    'const a = { run: setImmediate };',
    'const a = performance.now();',
    'process.nextTick(run);',
    'const { random } = Math;',
    'const D = Date;',
    'let D; D = Date;',
    'const use = { random: Math };',
    'run(Date);',
    'const { now } = Date;',
    'const a = globalThis.setInterval;',
    "import { readFileSync } from 'node:fs';",
    "import { readFile } from 'node:fs/promises';",
    "const net = await import('node:net');",
    "import { setTimeout as sleep } from 'node:timers/promises';",
  ];
  for (const text of banned) assert.ok(uses(text) > 0, text);
  const fine = [
    'clock.setTimeout(1);',
    '// Date.now()',
    "const a = 'Math.random';",
    'const a = new Date(5);',
    'const a = Math.max(1, Math.min(2, 3));',
    'const a = b instanceof Date;',
    'let a: Date | undefined;',
    'const a = { setTimeout: 1 };',
  ];
  for (const text of fine) assert.equal(uses(text), 0, text);
  assert.equal(uses('Date.now();', 'packages/server/src/env/real-env.ts'), 0);
  assert.equal(uses('Date.now();', 'packages/server/src/shard/a.test.ts'), 0);
  assert.equal(uses('Date.now();', 'packages/server/src/shard/testing/a.ts'), 0);
  assert.equal(uses('Date.now();', 'packages/cli/src/a.ts'), 0);
});

test('barrels', () => {
  const text = "export { a } from './a.js';\nexport type * from './b.js';";
  assert.equal(found(barrels, { 'packages/server/src/shard/all.ts': text }).length, 2);
  assert.deepEqual(found(barrels, { 'packages/server/src/index.ts': text }), []);
});

test('neutral text', () => {
  const paths = ['work', 'root', 'tmp/wt', 'home/someone', 'Users/someone'].map((folder) => `/${folder}/main`);
  for (const path of paths) assert.equal(found(neutralText, { 'a.md': `see ${path}/` }).length, 1, path);
  assert.equal(found(neutralText, { 'a.md': ['https://registry', 'example', 'org/'].join('.') }).length, 1);
  assert.deepEqual(found(neutralText, { 'a.md': 'https://example.org/work/ and packages/root/a' }), []);
});

test('lockfile', () => {
  const complete = {
    '': { dependencies: { a: '1' } },
    'node_modules/a': { version: '1.0.0', optionalDependencies: { b: '2.0.0' } },
  };
  const lock = (packages) => found(lockfile, { 'package-lock.json': JSON.stringify({ packages }) });
  assert.deepEqual(lock({ ...complete, 'node_modules/b': { version: '2.0.0' } }), []);
  assert.match(lock(complete)[0], /b \(of node_modules\/a\) is missing/);
  const resolved = { version: '2.0.0', resolved: 'https://example.org/b.tgz' };
  assert.match(lock({ ...complete, 'node_modules/b': resolved })[0], /names the place it came from/);
});
