import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Order } from './order.js';

test('a child whose parent is gone ends at once and says nothing', async () => {
  const script = fileURLToPath(new URL('./worker-process.js', import.meta.url));
  const child = fork(script, { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let said = '';
  child.stdout?.on('data', (chunk: unknown) => (said += String(chunk)));
  child.stderr?.on('data', (chunk: unknown) => (said += String(chunk)));
  const order: Order = { seed: 1, fixed: {}, steps: 100, isTwice: false, groups: [] };
  child.send(order);
  await once(child, 'message');
  // It is in the middle of an order when the channel closes.
  child.send({ ...order, steps: undefined });
  child.disconnect();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.equal(said, '');
});
