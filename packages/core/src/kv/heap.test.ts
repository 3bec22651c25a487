import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodePut } from './command.js';
import { buildBatch } from './entry-codec.js';
import { EMPTY_STORE } from './ports.js';
import { createStateMachine } from './state-machine.js';

const KEYS = 60_000;
const PUTS_PER_ENTRY = 100;

/** Bytes of JavaScript objects that are in use. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  collect();
  return process.memoryUsage().heapUsed;
}

test('N12: no object of JavaScript stands for a key or a revision', () => {
  const machine = createStateMachine({ store: EMPTY_STORE }, { ringBytesMax: 64 << 20 });
  const value = new Uint8Array(8);
  const putAll = (): void => {
    for (let first = 0; first < KEYS; first += PUTS_PER_ENTRY) {
      const commands = Array.from({ length: PUTS_PER_ENTRY }, (_, n) =>
        encodePut(Buffer.from(`key-${String((first + n) * 7_919).padStart(12, '0')}`), value),
      );
      const entry = buildBatch({ shardTimeMs: 0, wallClockMs: 0 }, commands);
      assert.equal(machine.apply(entry, machine.appliedIndex + 1, 1).status, 'done');
    }
  };
  const empty = heapBytes();
  putAll();
  const afterKeys = heapBytes();
  putAll();
  const afterRevisions = heapBytes();
  assert.equal(machine.currentRevision, 1 + 2 * KEYS);
  // An object with a key's or revision's fields takes 40 bytes at the very least. What there is stands for pages and blocks of many.
  assert.ok((afterKeys - empty) / KEYS < 16, `${(afterKeys - empty) / KEYS} bytes of heap per key`);
  const perRevision = (afterRevisions - afterKeys) / KEYS;
  assert.ok(perRevision < 16, `${perRevision} bytes of heap per revision`);
});
