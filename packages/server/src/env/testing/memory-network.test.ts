import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './manual-clock.js';
import { MemoryNetwork } from './memory-network.js';

test('R3: a connection that was lost before anybody took it tells its handler so, once', async () => {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  network.delayMs = 1;
  const address = { host: 'b', port: 1 };
  await network.host('b').listen(address, () => undefined);
  const connecting = network.host('a').connect(address, 1000);
  clock.advance(10);
  const connection = await connecting;
  network.stopHost('b');
  clock.advance(10);
  const told: (string | undefined)[] = [];
  connection.setHandler({
    onData: () => undefined,
    onDrain: () => undefined,
    onClose: (error) => told.push(error?.code),
  });
  connection.destroy();
  clock.advance(10);
  assert.deepEqual(told, ['ECONNRESET']);
});
