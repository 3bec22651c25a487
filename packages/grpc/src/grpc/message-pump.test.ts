import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MessagePump, type Messages } from './message-pump.js';

function pumpOf(source: Messages<number>, room: number) {
  const log: string[] = [];
  const state = { room };
  const pump = new MessagePump(source, {
    send(value) {
      if (value < 0) throw new Error('negative');
      log.push(String(value));
      state.room -= 1;
      return state.room > 0;
    },
    onAllSent: () => log.push('sent'),
    onSourceError: (error) => log.push(String(error)),
  });
  return { pump, log, state };
}

async function* later(values: Iterable<number>, log: string[] = []) {
  try {
    yield* values;
  } finally {
    log.push('returned');
  }
}

test('an iterable is pulled only while there is room', async () => {
  for (const source of [[1, 2, 3], later([1, 2, 3])]) {
    const { pump, log, state } = pumpOf(source, 2);
    pump.start();
    await turn();
    assert.deepEqual(log, ['1', '2']);
    state.room = 5;
    pump.onWritable();
    await turn();
    assert.deepEqual(log, ['1', '2', '3', 'sent']);
    pump.onWritable();
    await turn();
    assert.equal(log.length, 4);
  }
});

test('an array is sent at once, without a promise', () => {
  const { pump, log } = pumpOf([1, 2], 9);
  pump.start();
  assert.deepEqual(log, ['1', '2', 'sent']);
});

test('an error of the source or of sending ends the pump, and the source learns of the latter', async () => {
  const returned: string[] = [];
  for (const source of [[1, -1, 2], later([1, -1, 2], returned)]) {
    const { pump, log } = pumpOf(source, 9);
    pump.start();
    await turn();
    assert.deepEqual(log, ['1', 'Error: negative']);
  }
  assert.deepEqual(returned, ['returned']);
});

test('a stopped pump sends nothing more and lets the source clean up', async () => {
  const returned: string[] = [];
  const { pump, log, state } = pumpOf(later([1, 2, 3], returned), 1);
  pump.start();
  await turn();
  pump.stop();
  state.room = 5;
  pump.onWritable();
  await turn();
  assert.deepEqual(log, ['1']);
  assert.deepEqual(returned, ['returned']);
});
