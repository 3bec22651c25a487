import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchEvent } from '../../service/kv-service.js';
import { watchResponseBytes } from './limits.js';
import { responsesOf } from './watch-responses.js';

const half = watchResponseBytes / 2;

/** An event with so many bytes of value, before and now. */
function event(modRevision: number, valueBytes: number, previousBytes = 0): WatchEvent {
  const meta = { key: new Uint8Array(1), createRevision: 1, modRevision, version: 1 };
  const state = (bytes: number): WatchEvent['kv'] => ({ ...meta, value: new Uint8Array(bytes) });
  return { type: 'put', kv: state(valueBytes), prevKv: previousBytes === 0 ? undefined : state(previousBytes) };
}

/** Each response as `revision: revisions of its events`, with an ellipsis for a fragment. */
function shown(revision: number, events: readonly WatchEvent[], isFragment = false): string[] {
  return [...responsesOf({ revision, events, isFragment })].map((response) => {
    const revisions = response.events?.map(({ kv }) => kv?.modRevision).join(' ') ?? '';
    return `${response.revision}: ${revisions}${response.isFragment === true ? ' …' : ''}`;
  });
}

test('R11: a large batch comes in several responses, cut between revisions, each with what is complete by then', () => {
  assert.deepEqual(shown(9, []), ['9: ']);
  assert.deepEqual(shown(9, [event(5, 10), event(7, 10)]), ['9: 5 7']);
  assert.deepEqual(shown(9, [event(5, half), event(7, half), event(8, 10)]), ['5: 5', '9: 7 8']);
  assert.deepEqual(shown(9, [event(5, 10, half), event(7, 10, half), event(8, 10, half)]), ['5: 5', '7: 7', '9: 8']);
  assert.deepEqual(shown(9, [event(5, 2 * watchResponseBytes), event(6, 1)]), ['5: 5', '9: 6']);
});

test('R11: a revision stays in one response however large it is, and a fragment one', () => {
  assert.deepEqual(shown(9, [event(5, half), event(5, half), event(5, half)]), ['9: 5 5 5']);
  assert.deepEqual(shown(9, [event(5, half), event(8, half), event(8, half), event(9, 1)]), ['5: 5', '8: 8 8', '9: 9']);
  assert.deepEqual(shown(7, [event(6, half), event(8, half), event(8, half)], true), ['6: 6', '7: 8 8 …']);
});
