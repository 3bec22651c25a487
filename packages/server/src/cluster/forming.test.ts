import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFormed, missingPeers } from './forming.js';

function registry(known: readonly number[], confirmed: readonly number[]) {
  return {
    lookup: (id: number) => (known.includes(id) ? `incarnation of ${id}` : undefined),
    isConfirmed: (id: number) => confirmed.includes(id),
  };
}

const TABLE = [
  { own: 1, configured: [1], known: [], confirmed: [], missing: [] },
  { own: 1, configured: [1, 2, 3], known: [], confirmed: [], missing: [2, 3] },
  { own: 1, configured: [3, 2, 1], known: [2], confirmed: [2], missing: [3] },
  { own: 2, configured: [1, 2, 3], known: [1, 3], confirmed: [1], missing: [3] },
  { own: 2, configured: [1, 2, 3], known: [1, 3], confirmed: [], missing: [1, 3] },
  { own: 2, configured: [1, 2, 3], known: [1, 3], confirmed: [1, 3], missing: [] },
];

test('R5: a node is formed when it has synced every peer and every peer has synced it', () => {
  for (const { own, configured, known, confirmed, missing } of TABLE) {
    assert.deepEqual(missingPeers(own, configured, registry(known, confirmed)), missing);
    assert.equal(isFormed(own, configured, registry(known, confirmed)), missing.length === 0);
  }
});
