import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log, startNode } from '@kvorum/server';
import { withTestSwitch } from './test-switch.js';

/** Stands where the server's `startNode` is and remembers what it was given. */
function recorder() {
  const given: unknown[] = [];
  const start: typeof startNode = (_options, deps) => {
    given.push(deps?.testing);
    return Promise.reject(new Error('not started'));
  };
  return { start, given };
}

test('without the variable the node starts as it is', () => {
  const { start } = recorder();
  assert.equal(withTestSwitch(start, {}), start);
  assert.equal(withTestSwitch(start, { KVORUM_TEST_SWITCH: '' }), start);
});

test('a switch reaches the node and is told loudly', async () => {
  const { start, given } = recorder();
  const lines: string[] = [];
  const tell = (message: string): void => {
    lines.push(message);
  };
  const log: Log = { debug: tell, info: tell, warn: tell, error: tell, isDebug: false, child: () => log };
  const switched = withTestSwitch(start, { KVORUM_TEST_SWITCH: 'ack-before-append' });
  await assert.rejects(switched({ log }), /not started/);
  assert.deepEqual(given, [{ ackBeforeAppend: true }]);
  assert.match(lines.join('\n'), /LOSES DATA ON PURPOSE: KVORUM_TEST_SWITCH=ack-before-append/);
});

test('an unknown switch is refused', () => {
  assert.throws(
    () => withTestSwitch(recorder().start, { KVORUM_TEST_SWITCH: 'be-wrong' }),
    /KVORUM_TEST_SWITCH is "be-wrong"; allowed: ack-before-append, ack-before-sync/,
  );
});
