import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definite } from '../outcome.js';
import { checksMax, PendingRead, ReadQueue } from './read-queue.js';

function setup() {
  const queue = new ReadQueue(3, 100);
  const log: string[] = [];
  const read = (name: string) =>
    new PendingRead(1000, (failure) => log.push(failure === undefined ? name : `${name}:${failure.reason}`));
  return { queue, log, read };
}

test('P7: one attempt confirms every read queued before it; later ones wait for the next', () => {
  const { queue, log, read } = setup();
  queue.add(read('a'));
  queue.add(read('b'));
  const first = queue.begin();
  queue.add(read('c'));
  assert.equal(queue.begin(), undefined, 'one attempt at a time');
  queue.confirm(first ?? assert.fail('no context'), 10);
  queue.settleUpTo(9);
  assert.deepEqual(log, [], 'not applied yet');
  queue.settleUpTo(10);
  assert.deepEqual(log, ['a', 'b']);
  const second = queue.begin();
  queue.confirm(second ?? assert.fail('no context'), 10);
  queue.settleUpTo(10);
  assert.deepEqual(log, ['a', 'b', 'c']);
});

test('S12: a look whether the node is ready is taken when reads are refused, up to a limit of its own', () => {
  const queue = new ReadQueue(3, 1);
  const log: string[] = [];
  const add = (isCheck: boolean) =>
    queue.add(new PendingRead(1000, (failure) => log.push(failure?.reason ?? 'read'), false, isCheck));
  add(false);
  add(false);
  for (let n = 0; n <= checksMax; n += 1) add(true);
  assert.deepEqual(log, ['overloaded', 'overloaded']);
  queue.confirm(queue.begin() ?? assert.fail('no context'), 5);
  queue.settleUpTo(5);
  assert.equal(log.length, 2 + 1 + checksMax);
});

test('R13: a late answer to an attempt that was given up confirms nothing', () => {
  const { queue, log, read } = setup();
  queue.add(read('a'));
  const first = queue.begin() ?? assert.fail('no context');
  for (let i = 0; i < 3; i += 1) queue.tick(0);
  const second = queue.begin() ?? assert.fail('no new attempt after the retry time');
  assert.notEqual(first, second);
  queue.confirm(first, 5);
  queue.settleUpTo(100);
  assert.deepEqual(log, []);
  queue.confirm(second, 6);
  queue.settleUpTo(6);
  assert.deepEqual(log, ['a']);
});

test('an expired read takes no part in the next attempt', () => {
  const { queue, log, read } = setup();
  const gone = read('gone');
  queue.add(gone);
  gone.expire(1000);
  assert.equal(queue.begin(), undefined);
  assert.deepEqual(log, ['gone:timeout']);
});

test('at the end of the node every read is answered once', () => {
  const { queue, log, read } = setup();
  queue.add(read('confirmed'));
  queue.confirm(queue.begin() ?? assert.fail('no context'), 7);
  queue.add(read('attempted'));
  queue.begin();
  queue.add(read('waiting'));
  queue.abandon(definite('stopping'));
  queue.settleUpTo(100);
  assert.deepEqual(log.sort(), ['attempted:stopping', 'confirmed:stopping', 'waiting:stopping']);
});

test('S9: more reads than may wait are refused, whether they wait for an attempt, its answer or the apply', () => {
  const queue = new ReadQueue(3, 3);
  const results: string[] = [];
  const read = (name: string) =>
    queue.add(new PendingRead(1000, (failure) => results.push(`${name} ${failure?.reason ?? 'ready'}`)));
  read('a');
  queue.confirm(queue.begin() ?? 0, 7);
  read('b');
  queue.begin();
  read('c');
  read('d');
  assert.deepEqual(results, ['d overloaded']);
  queue.settleUpTo(7);
  read('e');
  assert.deepEqual(results, ['d overloaded', 'a ready']);
});
