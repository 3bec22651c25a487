import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from './node-failure.js';
import { SealedFileError } from './storage/sealed-file.js';

test('R16: a damaged small file ends the node as damage, not as a bug', () => {
  const failure = failureOf(new SealedFileError('/data/shards/shard-0/CURRENT', 'its checksum is wrong'));
  assert.equal(failure.kind, 'damaged');
  assert.match(failure.message, /CURRENT is damaged/);
});
