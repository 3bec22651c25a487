/** A real node for tests of commands. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startNode } from '@kvorum/server';

/** Starts a node in memory for the test; its first write has revision 2. Resolves with its address. */
export async function startMemoryNode(context: TestContext): Promise<string> {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0', peerAddress: '127.0.0.1:0' });
  context.after(() => node.close());
  return node.status().clientAddress ?? assert.fail();
}
