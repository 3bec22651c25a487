import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMeta, INITIAL_META } from '@kvorum/core/kv/meta.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { encodeConfState } from '../membership/conf-state-codec.js';
import { SnapshotSender } from './snapshot-sender.js';

test('a snapshot that was offered and became too old is replaced by a newer one', () => {
  let flushedIndex = 10;
  let openSources = 0;
  const offers: (number | undefined)[] = [];
  const sender = new SnapshotSender({
    openSnapshot: () => {
      openSources += 1;
      const confState = encodeConfState(confStateOf([1, 2, 3]));
      const meta = encodeMeta({ ...INITIAL_META, appliedIndex: flushedIndex, appliedTerm: 1, confState });
      return { meta, scan: () => undefined, close: () => (openSources -= 1) };
    },
    offer: (snapshot) => offers.push(snapshot?.index),
    stream: () => assert.fail('nothing was addressed'),
    report: () => undefined,
  });
  assert.equal(sender.prepare(), true);
  flushedIndex = 20;
  assert.equal(sender.prepare(), true);
  assert.deepEqual(offers, [10, undefined, 20]);
  assert.equal(openSources, 1);
});
