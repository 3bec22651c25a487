import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tracker } from '../tracker/tracker.js';
import { changeMembership } from './changer.js';
import { ConfChangeDecodeError, decodeConfChange, encodeConfChange } from './codec.js';
import type { ConfChange, ConfChangeSingle, ConfChangeV2 } from './conf-change.js';
import { asV2, LEAVE_JOINT } from './conf-change.js';
import { restoreMembership } from './restore.js';

/** Objects as literals make them, so that they compare equal. */
const PLAIN = { noNullPrototype: true } as const;

const single = (maxId: number): fc.Arbitrary<ConfChangeSingle> =>
  fc.record(
    {
      type: fc.constantFrom('addVoter', 'addLearner', 'remove', 'update'),
      nodeId: fc.integer({ min: 0, max: maxId }),
    },
    PLAIN,
  );
const contexts = fc.uint8Array({ maxLength: 9 });
const changesV2 = (maxId: number): fc.Arbitrary<ConfChangeV2> =>
  fc.record(
    {
      version: fc.constant(2 as const),
      transition: fc.constantFrom('auto', 'implicit', 'explicit'),
      changes: fc.array(single(maxId), { maxLength: 4 }),
      context: contexts,
    },
    PLAIN,
  );
const changesV1 = fc.record({ version: fc.constant(1 as const), change: single(2 ** 52), context: contexts }, PLAIN);

test('a configuration change survives its encoding', () => {
  fc.assert(
    fc.property(fc.oneof(changesV1, changesV2(2 ** 52)), (change: ConfChange) => {
      assert.deepEqual(decodeConfChange(encodeConfChange(change)), change);
    }),
  );
  assert.equal(encodeConfChange(LEAVE_JOINT).length, 0);
});

test('S1: bytes that are no configuration change are refused, never misread', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
      try {
        assert.deepEqual(encodeConfChange(decodeConfChange(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof ConfChangeDecodeError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('any sequence of changes leaves a sound membership, which its ConfState restores', () => {
  fc.assert(
    fc.property(fc.array(changesV2(6), { maxLength: 20 }), (changes) => {
      const tracker = new Tracker(10, 100);
      changes.forEach((change, at) => {
        const before = tracker.config;
        const result = changeMembership(tracker, at, asV2(change));
        if (result.error !== null) {
          assert.equal(tracker.config, before);
          return;
        }
        tracker.replace(result.config, result.progress);
        const restored = restoreMembership(10, 100, at, tracker.confState());
        assert.deepEqual(restored.config, result.config);
        assert.deepEqual(new Set(restored.progress.keys()), new Set(result.progress.keys()));
      });
    }),
    { numRuns: 500 },
  );
});
