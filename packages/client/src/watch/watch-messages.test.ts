import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWatchRequest, encodeWatchResponse, WatchEventKind } from '@kvorum/protocol/kvorum/v1/watch.js';
import { readResponse, watchRequest } from './watch-messages.js';

test('R11: a watch asks for the same keys again, whatever its caller has done with their bytes since', () => {
  const key = Buffer.from('key');
  const requests = [{ key }, { prefix: key }, { start: key, end: key }].map((keys) => watchRequest(keys, ''));
  const before = requests.map((request) => request(1));
  key.fill('x');
  assert.deepEqual(
    requests.map((request) => decodeWatchRequest(request(1))),
    before.map((bytes) => decodeWatchRequest(bytes)),
  );
});

test('N13: what a watch tells does not keep the bytes it came with', () => {
  const kv = { key: Buffer.from('k'), value: Buffer.from('v'), modRevision: 2, createRevision: 2, version: 1 };
  const bytes = Buffer.from(encodeWatchResponse({ events: [{ kind: WatchEventKind.PUT, kv }], revision: 2 }));
  const news = readResponse(bytes);
  assert.ok(news.kind === 'response');
  for (const { key, kv: state } of news.events) {
    assert.deepEqual([key.buffer.byteLength, state?.value.buffer.byteLength], [1, 1]);
  }
});
