// docs/limits.md tells values of constants that no package exports: what its tables `limit inside` say is looked up in the sources.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './lib/root.mjs';

/** A number, or numbers and MIB with `*` or `<<` in between. */
const VALUE = String.raw`((?:[\d_]+|MIB)(?: (?:\*|<<) (?:[\d_]+|MIB))*)`;

/** First cells of all tables whose first heading is this. */
function rows(heading) {
  return readFileSync(join(root, 'docs', 'limits.md'), 'utf8')
    .split('\n\n')
    .filter((block) => block.startsWith(`| ${heading} |`))
    .flatMap((block) => block.trim().split('\n').slice(2))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '').replaceAll('`', '')));
}

function evaluate(text) {
  const [first, ...rest] = text.split(' ').map((part) => (part === 'MIB' ? '1048576' : part.replaceAll('_', '')));
  let value = Number(first);
  for (let at = 0; at < rest.length; at += 2) {
    const operand = Number(rest[at + 1]);
    value = rest[at] === '*' ? value * operand : value * 2 ** operand;
  }
  return value;
}

/** What `name` is set to: `name = 1`, `name: 1` or `name: config.name ?? 1`. */
function valueIn(source, name) {
  const setting = new RegExp(String.raw`\b${name}(?: =|:) (?:config\.${name} \?\? )?${VALUE}[,; ]`);
  const found = setting.exec(source);
  return found === null ? undefined : evaluate(found[1]);
}

test('S9: docs/limits.md tells each limit inside a node, the command line and the checker as the code has it', () => {
  const listed = rows('limit inside');
  assert.ok(listed.length > 30, `${listed.length} rows`);
  for (const [name, value, file] of listed) {
    const source = readFileSync(join(root, 'packages', file), 'utf8');
    assert.equal(valueIn(source, name), Number(value), `${name} in ${file}`);
  }
});

test('values are read as the sources write them', () => {
  assert.equal(valueIn('const A_MAX = 65_536;', 'A_MAX'), 65_536);
  assert.equal(valueIn('const a = { aMax: 10 * 60 * 1_000, bMax: 2 };', 'aMax'), 600_000);
  assert.equal(valueIn('const A = 1 << 20;', 'A'), 1_048_576);
  assert.equal(valueIn('aMax: config.aMax ?? 4 * MIB,', 'aMax'), 4_194_304);
  assert.equal(valueIn('readonly aMax: number;', 'aMax'), undefined);
});
