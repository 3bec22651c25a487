import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusalLog, refusalLogIntervalMs } from './refusal-log.js';

test('a refusal is logged once per peer and reason, then at most once a minute', () => {
  let nowMs = 5;
  const told: unknown[] = [];
  const log = new RefusalLog(
    { nowMs: () => nowMs },
    { error: (_, fields) => told.push([fields?.['peer'], fields?.['reason']]) },
  );
  const dial = (peer: number, reason: 'otherCluster' | 'incarnation') => log.tell(peer, { reason, message: 'no' });
  for (let at = 0; at < 100; at += 1) {
    dial(2, 'otherCluster');
    dial(3, 'otherCluster');
  }
  dial(2, 'incarnation');
  assert.deepEqual(told.splice(0), [
    [2, 'otherCluster'],
    [3, 'otherCluster'],
    [2, 'incarnation'],
  ]);
  nowMs += refusalLogIntervalMs - 1;
  dial(2, 'otherCluster');
  assert.deepEqual(told, []);
  nowMs += 1;
  dial(2, 'otherCluster');
  dial(2, 'otherCluster');
  assert.deepEqual(told, [[2, 'otherCluster']]);
});
