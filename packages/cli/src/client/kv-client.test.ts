import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeStartNode } from '../testing/fake-node.js';
import { readEndpoints } from './endpoint.js';
import { KvClient } from './kv-client.js';

test('a list on which nothing comes any more is given up', async (context) => {
  const node = await fakeStartNode({ stallsInList: true })({
    clientAddress: '127.0.0.1:0',
    peerAddress: '127.0.0.1:0',
  });
  context.after(() => node.close());
  const stalled = node.clientAddress ?? assert.fail();
  const client = new KvClient({ endpoints: readEndpoints([stalled], {}), silenceMs: 50 });
  const lines: string[] = [];
  const reading = async (): Promise<void> => {
    for await (const line of client.list({ prefix: new Uint8Array() })) lines.push(line);
  };
  await assert.rejects(reading(), /the list broke off before its end: nothing came for 50 ms/);
  assert.deepEqual(lines, ['{"key":"z"}']);
});
