import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/lib/root.mjs';
import { parse, visit } from '../../scripts/lib/source.mjs';

/** Targets on the clock that can't be had from CPU time, each with a reason. */
const ON_THE_CLOCK = [
  ['title', 'of bench/client.mjs: the rate is what users compare; the CPU time of the caller stands beside it (P17)'],
  ['loop delay, p99.9', 'how long others wait is what counts; only the own work is counted (N11)'],
  ['5 M keys under load: longest GC pause', 'how long nothing else runs is what counts (N12)'],
  [
    '3 nodes: put of one client against 1 / (RTT + sync + loop)',
    'a bound from above, of figures of the same run (P18)',
  ],
  ['WAL: durable append, one writer, p50', 'a ratio to the bare disk, measured in turns with it'],
  [
    'cluster of three over gRPC, ',
    'the rate is what users compare; the CPU time of all nodes has a target beside it (P17)',
  ],
  [', until a linearizable read passes', 'how long nobody is served; its CPU time has a target beside it'],
];

/** The figures with a target whose unit is time, or something per time, of the clock. */
function timedByTheClock(path, text) {
  const found = [];
  visit(parse({ path, text }).program, (node) => {
    if (node.type !== 'CallExpression' || node.callee.name !== 'figure' || node.arguments.length < 4) return;
    const [name, , unit] = node.arguments.map(({ start, end }) => text.slice(start, end));
    const isTime = /^'(µs|ms|s|[^']*\/s)\b/.test(unit);
    if (isTime && !`${name} ${unit}`.includes('CPU')) found.push(name);
  });
  return found;
}

test('P19: what a bench gates is CPU time or a count, not time on the wall', () => {
  const folder = join(root, 'bench');
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .flatMap((file) => timedByTheClock(file, readFileSync(join(folder, file), 'utf8')));
  const unexcused = names.filter((name) => !ON_THE_CLOCK.some(([known]) => name.includes(known)));
  assert.deepEqual(unexcused, []);
  for (const [known] of ON_THE_CLOCK)
    assert.ok(
      names.some((name) => name.includes(known)),
      `${known} is gone`,
    );
});

test('P19: a gate on the wall is found', () => {
  const found = (text) => timedByTheClock('a.mjs', text);
  assert.deepEqual(found("figure('puts', rate, '/s', { least: 9 });"), ["'puts'"]);
  assert.deepEqual(found("figure('a put', ms, 'ms', { most: 9 });"), ["'a put'"]);
  assert.deepEqual(found("figure('a put', cpu, 'µs CPU', { most: 9 });\nfigure('rows', n, 'rows', { most: 9 });"), []);
  assert.deepEqual(found("figure('puts', rate, '/s');"), []);
});
