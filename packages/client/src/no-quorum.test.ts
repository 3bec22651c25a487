/** The client against the one node of three that is left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer } from 'node:net';
import { startNode } from '@kvorum/server';
import { connect } from './connect.js';
import { failure } from './testing/client-error.js';

async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  return `127.0.0.1:${address.port}`;
}

test('without a quorum a write ends with what the survivor says: no leader, and that nothing was done', async (t) => {
  const peers = { 1: await deadAddress(), 2: await deadAddress(), 3: await deadAddress() };
  const node = await startNode({ nodeId: 1, peers, storage: 'memory', clientAddress: '127.0.0.1:0' });
  t.after(() => node.close());
  const target = [await deadAddress(), node.status().clientAddress ?? '', await deadAddress()];
  for (const session of [true, false]) {
    const client = await connect(target, { session, timeoutMs: 1_500, attemptTimeoutMs: 600 });
    t.after(() => client.close());
    for (let at = 0; at < 3; at += 1) {
      const error = await failure(client.set('key', 'value'));
      assert.deepEqual([error.code, error.mayHaveHappened, error.retryable], ['TIMEOUT', false, true], error.message);
      assert.match(error.message, /no leader/);
    }
  }
});
