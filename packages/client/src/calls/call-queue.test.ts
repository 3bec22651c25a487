import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../servers/endpoint.js';
import { Session } from '../session/session.js';
import { CallQueue } from './call-queue.js';
import { newState, type Operation } from './operation.js';

function write(): Operation {
  const key = new Uint8Array(1);
  const condition = { ifModRevision: 0, ifAbsent: false };
  const ends = { resolve: () => undefined, reject: () => undefined };
  return { kind: 'delete', lane: Lane.write, key, write: condition, timeoutMs: 1, ...ends, ...newState() };
}

test('R20: a write that needs a number of a new session does not hold up those that have theirs, whose end frees one', () => {
  const session = new Session(2, 1, 2);
  const queue = new CallQueue(10, { current: () => session });
  const [first, second, moved] = [write(), write(), write()];
  queue.push(first);
  queue.push(second);
  assert.deepEqual(queue.take(10), [first, second]);
  queue.pushAgain(moved);
  queue.pushAgain(first);
  queue.pushAgain(second);
  assert.deepEqual(queue.take(10), [first, second]);
  session.window.release(first.sequence);
  assert.deepEqual(queue.take(10), [moved]);
  assert.equal(moved.sequence, 3);
});
