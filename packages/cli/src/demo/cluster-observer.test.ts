import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterObserver, type Observation } from './cluster-observer.js';
import { describeEvent } from './events.js';

function seen(node: number, role: string, term: number, appliedIndex = 10, commitIndex = 10): Observation {
  return { node, role, term, appliedIndex, commitIndex };
}

test('a leader is told once per node and term, and its loss', () => {
  const observer = new ClusterObserver();
  assert.deepEqual(observer.observe([seen(1, 'follower', 1), seen(2, 'candidate', 1)]), []);
  assert.deepEqual(observer.observe([seen(1, 'leader', 2)]), [{ event: 'leader', node: 1, term: 2 }]);
  assert.deepEqual(observer.observe([seen(1, 'leader', 2)]), []);
  assert.deepEqual(observer.observe([seen(1, 'leader', 3)]), [{ event: 'leader', node: 1, term: 3 }]);
  assert.deepEqual(observer.observe([]), [{ event: 'noLeader' }]);
  assert.equal(observer.leader, undefined);
  assert.deepEqual(observer.observe([]), []);
});

test('of two nodes that call themselves leader the higher term counts', () => {
  const observer = new ClusterObserver();
  observer.observe([seen(1, 'leader', 2), seen(3, 'leader', 4)]);
  assert.equal(observer.leader, 3);
});

test('a node caught up when it has applied what was committed when it was first seen', () => {
  const observer = new ClusterObserver();
  observer.nodeStarted(2);
  assert.deepEqual(observer.observe([seen(2, 'follower', 1, 0)]), [], 'no leader: nothing to compare with');
  observer.observe([seen(1, 'leader', 1, 100, 100), seen(2, 'follower', 1, 50)]);
  assert.deepEqual(observer.observe([seen(1, 'leader', 1, 900, 900), seen(2, 'follower', 1, 99)]), []);
  const events = observer.observe([seen(1, 'leader', 1, 999, 999), seen(2, 'follower', 1, 100)]);
  assert.deepEqual(events.map(describeEvent), ['node 2 caught up']);
  assert.deepEqual(observer.observe([seen(1, 'leader', 1, 999, 999), seen(2, 'follower', 1, 101)]), []);
});

test('a node that ended is no longer expected to catch up', () => {
  const observer = new ClusterObserver();
  observer.nodeStarted(2);
  observer.nodeEnded(2);
  assert.deepEqual(observer.observe([seen(1, 'leader', 1), seen(2, 'follower', 1)]).length, 1);
});
