import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LinearizedSet } from './linearized-set.js';
import { Memo } from './memo.js';
import type { Operation } from './model.js';

test('R8: the memo tells known keys from new ones, also when all hashes are equal', () => {
  const keys = fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 5 }), { maxLength: 300 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 5 }), (list, hashes) => {
      const memo = new Memo();
      const seen = new Set<string>();
      for (const key of list) {
        const text = key.join();
        const hash = key.reduce((sum, part) => sum + part, 0) % hashes;
        assert.equal(memo.add(key, hash), !seen.has(text));
        seen.add(text);
      }
      assert.equal(memo.size, seen.size);
    }),
    { numRuns: 200 },
  );
});

test('the memo grows beyond its first size', () => {
  const memo = new Memo();
  for (let index = 0; index < 20_000; index++)
    assert.ok(memo.add([index, index >> 3], Math.imul(index % 5000, 0x9e3779b1)));
  for (let index = 0; index < 20_000; index++)
    assert.ok(!memo.add([index, index >> 3], Math.imul(index % 5000, 0x9e3779b1)));
  assert.ok(memo.bytes >= 20_000 * 16);
});

test('R8: keys of sets are equal exactly when the sets and states are, and hashes go back with what is undone', () => {
  const steps = fc.array(fc.nat(99), { maxLength: 60 });
  const openness = fc.array(fc.boolean(), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(openness, steps, steps, (isOpen, one, other) => {
      const operations = isOpen.map((open, call): Operation<string, string> => {
        return { process: 'p', input: '', output: undefined, call, return: open ? Infinity : call };
      });
      const describe = (toggled: readonly number[]): { key: string; hash: number; content: string } => {
        const set = new LinearizedSet(operations);
        const content = new Set<number>();
        for (const operation of toggled) {
          assert.equal(set.has(operation), content.has(operation));
          if (content.delete(operation)) set.remove(operation);
          else set.add(operation);
          if (set.has(operation)) content.add(operation);
        }
        const returned = operations.filter((_, index) => isOpen[index] === false && !content.has(index));
        assert.equal(set.missing, returned.length);
        const key: number[] = [];
        set.writeKey(key, 7);
        return { key: key.join(), hash: set.hashWith(7), content: [...content].sort((a, b) => a - b).join() };
      };
      const [first, second] = [describe(one), describe(other)];
      assert.equal(first.key === second.key, first.content === second.content);
      const again = describe([...one, ...other, ...other.toReversed()]);
      assert.deepEqual(again, first);
    }),
    { numRuns: 500 },
  );
});
