import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageQueue } from './message-queue.js';

function queueWithLog() {
  const log: string[] = [];
  const queue = new MessageQueue<number>(
    (held) => log.push(`taken ${held}`),
    () => log.push('abandoned'),
  );
  return { queue, log };
}

test('window is given back when a message is taken, and not before', async () => {
  const { queue, log } = queueWithLog();
  queue.push(1, 10);
  queue.push(2, 20);
  assert.deepEqual(log, []);
  assert.deepEqual(await queue.next(), { done: false, value: 1 });
  assert.deepEqual(log, ['taken 10']);
  const [second, third] = [queue.next(), queue.next()];
  queue.push(3, 30);
  assert.deepEqual(
    [await second, await third],
    [
      { done: false, value: 2 },
      { done: false, value: 3 },
    ],
  );
  assert.deepEqual(log, ['taken 10', 'taken 20', 'taken 30']);
});

test('the end and an error come after what waits, an abort at once', async () => {
  const ended = queueWithLog().queue;
  ended.push(1, 1);
  ended.end();
  assert.deepEqual(await all(ended), [1]);

  const failed = queueWithLog().queue;
  failed.push(1, 1);
  failed.fail(new Error('lost'));
  assert.deepEqual(await failed.next(), { done: false, value: 1 });
  await assert.rejects(failed.next(), /lost/);
  assert.deepEqual(await failed.next(), { done: true, value: undefined });

  const { queue: aborted, log } = queueWithLog();
  aborted.push(1, 7);
  aborted.abort(new Error('over'));
  assert.deepEqual(log, ['taken 7']);
  await assert.rejects(aborted.next(), /over/);
});

test('a reader that waits learns of an error', async () => {
  const { queue } = queueWithLog();
  const [first, second] = [queue.next(), queue.next()];
  queue.fail(new Error('lost'));
  await assert.rejects(first, /lost/);
  assert.deepEqual(await second, { done: true, value: undefined });
});

test('a reader that leaves early abandons the rest, one that has read all does not', async () => {
  const { queue, log } = queueWithLog();
  queue.push(1, 1);
  queue.push(2, 2);
  for await (const value of queue) {
    assert.equal(value, 1);
    break;
  }
  assert.deepEqual(log, ['taken 1', 'taken 2', 'abandoned']);
  queue.push(3, 3);
  assert.deepEqual(log.at(-1), 'taken 3');

  const { queue: read, log: readLog } = queueWithLog();
  read.push(1, 1);
  read.end();
  assert.deepEqual(await all(read), [1]);
  await read.return();
  assert.deepEqual(readLog, ['taken 1']);
});

test('many messages keep their order', async () => {
  const { queue } = queueWithLog();
  const read: number[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    queue.push(at, 1);
    if (at % 3 === 0) read.push((await queue.next()).value ?? -1);
  }
  queue.end();
  for await (const value of queue) read.push(value);
  assert.deepEqual(
    read,
    Array.from({ length: 1_000 }, (_, at) => at),
  );
});

async function all(queue: MessageQueue<number>): Promise<number[]> {
  const values: number[] = [];
  for await (const value of queue) values.push(value);
  return values;
}
