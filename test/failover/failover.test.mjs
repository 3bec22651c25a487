import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChance } from '../crash/lib/chance.mjs';
import { runCampaign } from './campaign.mjs';

test('R11, R20: leaders are killed under 2,000 increments: no error, no doubled write, no gap in a watch, linearizable', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.diagnostic(`seed ${seed}`);
  const onStarted = (close) => {
    t.after(close);
    return () => undefined;
  };
  const { problems, kills, writers, watch } = await runCampaign({
    increments: 2000,
    kills: 2,
    // The machine may be busy with other tests.
    resumeMsMax: 15_000,
    chance: createChance(seed),
    onKill: () => undefined,
    onStarted,
  });
  assert.deepEqual(problems.lines, [], `seed ${seed}`);
  assert.deepEqual([kills.length, writers.acknowledged.size, watch.count], [2, 2000, 2000]);
});
