/** Watches beside a connection that is full, and watches whose reader falls behind what is kept (R12). Real sockets, a client in which nothing is ours. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { failureOf, ForeignClient } from './api/grpc/testing/foreign-client.js';
import { TestEventSource } from './api/http/testing/event-source.js';
import { type KvorumNode, startNode } from './node.js';

const KV = 'kvorum.v1.KV';
const MiB = 1 << 20;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function start(t: TestContext): Promise<{ node: KvorumNode; client: ForeignClient; port: number }> {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0' });
  await node.ready();
  const port = Number(node.clientAddress?.split(':').at(-1));
  const client = new ForeignClient(port);
  t.after(async () => {
    client.close();
    await node.close();
  });
  return { node, client, port };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function p99(delays: readonly number[]): number {
  return delays.toSorted((a, b) => a - b)[Math.ceil(delays.length * 0.99) - 1] ?? Number.NaN;
}

test('R12: beside answers of 1 MiB that fill its connection a watch is told of each write in less than a second', async (t) => {
  const { node, client } = await start(t);
  await node.put('large', Buffer.alloc(MiB, 'v'));
  const watch = client.watch({ key: Buffer.from('k') });
  await watch.begun();
  let answers = 0;
  let isOver = false;
  // Eight at a time, so the connection always has more to send than fits.
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const { value } = await client.call(KV, 'Get', { key: Buffer.from('large'), consistency: 1 });
      assert.ok(value instanceof Uint8Array && value.length === MiB);
      answers += 1;
    }
  });
  while (answers < 16) await turn();
  // Both ends are this process, which has always something to do: its CPU time is what would pass on a machine that nothing else keeps busy.
  const delays: number[] = [];
  const wallDelays: number[] = [];
  const before = answers;
  for (let write = 0; write < 100; write += 1) {
    const { revision } = await node.put('k', `${write}`);
    const [startCpu, startMs] = [cpuMs(), performance.now()];
    await watch.until(`put k=${write}@${revision}`);
    delays.push(cpuMs() - startCpu);
    wallDelays.push(performance.now() - startMs);
    for (const seen = answers; answers === seen; ) await turn();
  }
  isOver = true;
  await Promise.all(load);
  watch.cancel();
  t.diagnostic(
    `p99 ${p99(delays).toFixed(1)} ms CPU, ${p99(wallDelays).toFixed(1)} ms, ${answers - before} answers beside 100 events`,
  );
  assert.equal(watch.events.length, 100);
  assert.ok(p99(delays) < 1_000, `p99 ${p99(delays)} ms`);
});

test('R12: a gRPC watch that falls behind compaction gets what was sent, without a gap, and then the compact revision', async (t) => {
  const { node, client } = await start(t);
  const watch = client.watch({ key: Buffer.from('k') });
  await watch.begun();
  watch.pause();
  const value = Buffer.alloc(MiB / 4, 'v');
  let last = 0;
  // More than all windows and buffers hold.
  for (let write = 0; write < 100; write += 1) ({ revision: last } = await node.put('k', value));
  await node.kv.compact(last);
  watch.resume();
  const { code, error } = await failureOf(watch.ended);
  assert.deepEqual([code, error.code, error.details.compactRevision], [11, 'COMPACTED', last]);
  const revisions = watch.events.map((event) => Number(event.split('@')[1]));
  assert.deepEqual(
    revisions,
    revisions.map((_, at) => at + 2),
    'every revision from the first on, once',
  );
  assert.ok((revisions.at(-1) ?? 0) < last, 'the reader was behind');
});

test('R12: an EventSource that falls behind compaction gets what was sent, without a gap, and then the compact revision', async (t) => {
  const { node, port } = await start(t);
  const source = new TestEventSource(port, '/kv/k?watch');
  await source.until(() => source.types.length > 0);
  source.pause();
  const value = Buffer.alloc(MiB / 4, 'v');
  let last = 0;
  for (let write = 0; write < 100; write += 1) ({ revision: last } = await node.put('k', value));
  await node.kv.compact(last);
  source.resume();
  await source.until(() => source.types.includes('compacted'));
  const { error } = JSON.parse(source.messages.at(-1)?.data ?? '');
  assert.deepEqual([error.code, error.compactRevision], ['COMPACTED', last]);
  const revisions = source.messages.filter(({ type }) => type === 'put').map(({ lastEventId }) => Number(lastEventId));
  assert.deepEqual(
    revisions,
    revisions.map((_, at) => at + 2),
  );
  assert.ok((revisions.at(-1) ?? 0) < last, 'the reader was behind');
});
