import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchBytesMax, batchCommandsMax, packBatches } from './proposal-batch.js';

const item = (count: number, bytesEach: number) => ({
  commands: Array.from({ length: count }, () => new Uint8Array(0)),
  bytes: count * bytesEach,
});

test('P1: everything that arrived in a turn is one batch', () => {
  const batches = packBatches([item(1, 10), item(3, 10), item(1, 10)]);
  assert.deepEqual(
    batches.map((batch) => [batch.offsets, batch.commands.length]),
    [[[0, 1, 4], 5]],
  );
});

test('a larger request gets a batch of its own', () => {
  const batches = packBatches([item(1, 10), item(1, batchBytesMax + 1), item(1, 10)]);
  assert.deepEqual(
    batches.map((batch) => batch.commands.length),
    [1, 1, 1],
  );
});

test('batches keep order and limits, and no item is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 5000 }))), (shapes) => {
      const items = shapes.map(([count, bytes]) => item(count, bytes));
      const batches = packBatches(items);
      assert.deepEqual(
        batches.flatMap((batch) => batch.items),
        items,
      );
      for (const batch of batches) {
        const bytes = batch.items.reduce((sum, one) => sum + one.bytes, 0);
        assert.ok(batch.items.length === 1 || (batch.commands.length <= batchCommandsMax && bytes <= batchBytesMax));
        batch.items.forEach((one, i) => assert.equal(batch.commands[batch.offsets[i] ?? -1], one.commands[0]));
      }
    }),
  );
});
