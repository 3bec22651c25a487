import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { TestEventSource } from './api/http/testing/event-source.js';
import { type KvorumNode, startNode } from './node.js';

async function start(t: TestContext): Promise<{ readonly node: KvorumNode; readonly port: number }> {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0' });
  t.after(() => node.close());
  await node.ready();
  return { node, port: Number(node.clientAddress?.split(':').at(-1)) };
}

test('R11: an EventSource on a whole node sees every write once, over connections lost at any time', async (t) => {
  const { node, port } = await start(t);
  const source = new TestEventSource(port, '/kv/?watch&prefix=w/');
  await source.until(() => source.types.length > 0);
  const wanted: string[] = [];
  for (let round = 0; round < 30; round += 1) {
    const writes = Array.from({ length: 10 }, async (_, at) => {
      const key = `w/${at}`;
      const { revision } = await node.put(key, `${round}`);
      wanted.push(`put ${key}=${round}@${revision}`);
      await node.put(`other/${at}`, 'not wanted');
    });
    source.drop();
    await source.until(() => source.state === 'connecting');
    source.reconnect();
    await source.until(() => source.state === 'open');
    await Promise.all(writes);
  }
  await source.until(() => source.events.length >= wanted.length);
  const revisionOf = (event: string): number => Number(event.split('@')[1]);
  assert.deepEqual(
    source.events,
    wanted.toSorted((a, b) => revisionOf(a) - revisionOf(b)),
  );
  source.drop();
});

test('R12: what an EventSource missed and was compacted away is told with the compact revision', async (t) => {
  const { node, port } = await start(t);
  const source = new TestEventSource(port, '/kv/k?watch');
  await source.until(() => source.types.length > 0);
  await node.put('k', '1');
  await source.until(() => source.events.length === 1);
  source.drop();
  await source.until(() => source.state === 'connecting');
  for (const value of ['2', '3', '4']) await node.put('k', value);
  await node.kv.compact(5);
  source.reconnect();
  await source.until(() => source.types.includes('compacted') && source.state === 'connecting');
  assert.deepEqual(JSON.parse(source.messages.at(-1)?.data ?? ''), {
    error: {
      code: 'COMPACTED',
      message: 'events before revision 5 were compacted away',
      field: 'Last-Event-ID',
      compactRevision: 5,
    },
  });
  source.reconnect();
  await source.until(() => source.state === 'closed');
  assert.equal(source.status, 204);
});

test('a whole node that stops ends its EventSources with STOPPED', async (t) => {
  const { node, port } = await start(t);
  const source = new TestEventSource(port, '/kv/?watch');
  await source.until(() => source.types.length > 0);
  const startMs = performance.now();
  await node.close();
  assert.ok(performance.now() - startMs < 4_000, 'the drain time was not used up');
  await source.until(() => source.state === 'connecting');
  assert.deepEqual(source.types, ['progress', 'failure']);
  assert.match(source.messages.at(-1)?.data ?? '', /"code":"STOPPED"/);
});
