import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { keyAfter, prefixEnd } from './key-range.js';

test('the end of a prefix is the next prefix of its length, or of less', () => {
  const cases: [number[], number[] | undefined][] = [
    [[], undefined],
    [[0], [1]],
    [
      [0x61, 0x2f],
      [0x61, 0x30],
    ],
    [[0x61, 0xff], [0x62]],
    [[0x61, 0xff, 0xff], [0x62]],
    [[0xff, 0xff], undefined],
  ];
  for (const [prefix, end] of cases) {
    const found = prefixEnd(Uint8Array.from(prefix));
    assert.deepEqual(found === undefined ? undefined : [...found], end);
  }
});

test('arguments are never written to, nor shared with the result, whatever their class', () => {
  for (const prefix of [Buffer.from('n/'), new TextEncoder().encode('n/')]) {
    const end = prefixEnd(prefix);
    const after = keyAfter(prefix);
    assert.equal(Buffer.from(prefix).toString(), 'n/');
    assert.equal(Buffer.from(end ?? []).toString(), 'n0');
    after.fill(0);
    end?.fill(0);
    assert.equal(Buffer.from(prefix).toString(), 'n/');
  }
});
