import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retentionIndex } from './retention.js';

const base = {
  flushedIndex: 100,
  logStartIndex: 0,
  logBytes: 1000,
  followersNeed: 100,
  capBytes: 800,
  bytesAt: () => 10,
};

test('what all followers have goes, but for a slack of a quarter of the cap', () => {
  assert.equal(retentionIndex(base), 80);
});

test('what a follower needs stays up to the cap', () => {
  assert.equal(retentionIndex({ ...base, followersNeed: 5 }), 20);
});

test('a dead follower never fills the disk: past the cap it must take a snapshot', () => {
  assert.equal(retentionIndex({ ...base, followersNeed: 0, logBytes: 5000, bytesAt: () => 50 }), 84);
});

test('entries that are not flushed stay, whatever the cap', () => {
  assert.equal(retentionIndex({ ...base, flushedIndex: 3, followersNeed: 0 }), 3);
});

test('a follower keeps up to the cap, as it may lead soon', () => {
  assert.equal(retentionIndex({ ...base, followersNeed: undefined }), 20);
});

test('a small log is kept whole', () => {
  assert.equal(retentionIndex({ ...base, logBytes: 200 }), 0);
});
