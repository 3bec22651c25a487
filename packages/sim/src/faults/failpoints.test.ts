import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failpoint } from '@kvorum/server/internal/env/failpoints.js';
import { runSeed } from '../simulation.js';
import { dealFailpoints, simulatedFailpoints } from './failpoint-deal.js';

test('R6: fifty seeds in a row, wherever they begin, have every failpoint several times', () => {
  for (const base of [0, 1, 777, 123_456_789]) {
    const dealt = new Map<Failpoint, number>();
    for (let seed = base; seed < base + 50; seed += 1) {
      for (const name of dealFailpoints(seed, 3)) dealt.set(name, (dealt.get(name) ?? 0) + 1);
    }
    for (const name of simulatedFailpoints) assert.ok((dealt.get(name) ?? 0) >= 4, name);
  }
});

test('R6: nothing is heard of a process after the power cut at a failpoint, and the cluster keeps its promises', async () => {
  const failpoints: readonly Failpoint[] = [
    'walBeforeWrite',
    'walAfterSync',
    'applyAfter',
    'flushBeforeCommit',
    'hardStateBeforeWrite',
  ];
  for (const seed of [11, 12]) {
    const lines: string[] = [];
    const fixed = { nodes: 3, failpoints, faults: ['slowLink'] as const };
    const report = await runSeed(seed, { fixed, print: (line) => lines.push(line) });
    assert.deepEqual(report.violations, []);
    for (const name of failpoints) {
      const count = report.failpoints.find((one) => one.name === name);
      assert.ok(count !== undefined && count.cuts > 0 && count.hits >= count.cuts, name);
    }
    assertSilence(lines);
  }
});

/** From a power cut to the next start a machine says nothing. */
function assertSilence(lines: readonly string[]): void {
  const off = new Set<string>();
  let cuts = 0;
  for (const line of lines) {
    const [, who = '', ...what] = line.split(' ');
    const said = what.join(' ');
    if (said.startsWith('start ')) off.delete(who);
    assert.ok(!off.has(who), line);
    if (said === 'power cut') {
      off.add(who);
      cuts += 1;
    }
  }
  assert.ok(cuts > 0);
}
