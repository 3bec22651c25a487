/** Watches over one real node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNode } from '@kvorum/server';
import { ClientError } from '../base/errors.js';
import { connect } from '../connect.js';

test('R11: a watch of a real node: what comes from now on, what came before, and what is gone', async (t) => {
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0' });
  t.after(() => node.close());
  const client = await connect(node.status().clientAddress ?? '');
  t.after(() => client.close());
  const { revision } = await client.set('a/1', 'one');

  const now = client.watch({ prefix: 'a/', prevKv: true });
  assert.equal(await now.started(), revision + 1);
  await client.set('b/1', 'other');
  await client.set('a/1', 'two');
  await client.delete('a/1');
  const seen: unknown[] = [];
  for await (const { type, revision: at, kv, prevKv } of now.events()) {
    seen.push([type, at - revision, kv?.text(), prevKv?.text()]);
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen, [
    ['put', 2, 'two', 'one'],
    ['delete', 3, undefined, 'two'],
  ]);

  const before = client.watch({ start: 'a', end: 'c', fromRevision: revision });
  const { value: first } = await before.next();
  assert.deepEqual(
    [first?.revision, first?.events.map(({ revision: at }) => at - revision)],
    [revision + 3, [0, 1, 2, 3]],
  );

  await node.kv.compact(revision + 2);
  const gone = client.watch({ fromRevision: revision });
  await assert.rejects(
    gone.next(),
    (error) => error instanceof ClientError && error.code === 'COMPACTED' && error.compactRevision === revision + 2,
  );

  const waiting = assert.rejects(before.next(), (error) => error instanceof ClientError && error.code === 'CANCELLED');
  await client.close();
  await waiting;
});
