import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SessionWindow } from './session-window.js';

test('R20: a number is given out once, and counts as acknowledged only when it and all before it have ended', () => {
  const window = new SessionWindow(3);
  assert.deepEqual([window.take(), window.take(), window.take(), window.take()], [1, 2, 3, undefined]);
  window.release(2);
  assert.deepEqual([window.firstUnacknowledged, window.take()], [1, undefined]);
  window.release(1);
  assert.deepEqual([window.firstUnacknowledged, window.take(), window.take(), window.take()], [3, 4, 5, undefined]);
  window.release(3);
  window.release(4);
  window.release(5);
  assert.deepEqual([window.firstUnacknowledged, window.isFull], [6, false]);
});

test('R20: over any order of writes and ends the window is what a set of numbers says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.option(fc.nat(20), { nil: undefined })), (size, steps) => {
      const window = new SessionWindow(size);
      const open = new Set<number>();
      let last = 0;
      for (const step of steps) {
        if (step === undefined) {
          const sequence = window.take();
          if (sequence === undefined) continue;
          assert.equal(sequence, last + 1);
          last = sequence;
          open.add(sequence);
        } else {
          const sequence = [...open][step % Math.max(1, open.size)];
          if (sequence === undefined) continue;
          open.delete(sequence);
          window.release(sequence);
        }
        const first = Math.min(...open, last + 1);
        assert.equal(window.firstUnacknowledged, first);
        assert.equal(window.isFull, last + 1 >= first + size);
      }
    }),
  );
});
