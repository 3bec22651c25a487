import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hunt } from '../mutations/hunt.js';
import { againOf, runOneGroup } from '../mutations/command.js';
import { runOrder } from '../order.js';
import { readOptions } from '../options.js';
import { runGroup } from './random-group.js';
import { groupsOf, runGroups } from './seed-groups.js';

test('a seed has ten groups of its own', () => {
  assert.deepEqual(groupsOf(6), [60, 61, 62, 63, 64, 65, 66, 67, 68, 69]);
  assert.equal(groupsOf(7)[0], 70);
});

test('R7: a batch fails by what its groups break, and by an error that ends one', () => {
  assert.deepEqual(runGroups(groupsOf(1)), []);
  const violation = { checker: 'election safety', message: 'two' };
  const run = (group: number) => ({
    violation: group === 11 ? violation : undefined,
    bugs: group > 10 ? 1 : 0,
    endedBy: group === 12 ? 'AssertionError: commit moves back' : undefined,
  });
  assert.deepEqual(runGroups([10, 11, 12, 13], run), [
    { group: 11, ...violation },
    { group: 12, checker: 'no uncaught exception', message: 'AssertionError: commit moves back' },
  ]);
});

test('R1: groups leave the log of their seed as it is', async () => {
  const order = { seed: 5, fixed: {}, steps: 3000, isTwice: false };
  const alone = await runOrder({ ...order, groups: [] });
  const both = await runOrder({ ...order, groups: groupsOf(5).slice(0, 2) });
  assert.equal(both.report.digest, alone.report.digest);
  assert.deepEqual(both.groupFailures, []);
});

test('R7: what a hunt tells of a group can be run again', async () => {
  const { found } = await hunt({ mutation: 'quorumOfHalf', baseSeed: 1, seedsMax: 3 });
  assert.ok(found?.simulator === 'group' && !/seed/.test(found.message), found?.message);
  const again = againOf('quorumOfHalf', found);
  assert.equal(again, `--mutations quorumOfHalf --group ${found.number}`);
  const { group, hunt: asked } = readOptions(again.split(' '), {});
  assert.equal(runOneGroup(group ?? -1, asked?.names[0]), 1);
  assert.equal(runGroup(found.number).violation, undefined, 'without the bug');
});
