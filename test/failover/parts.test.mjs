/** The parts of the failover test see what they are there for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkText } from '../../packages/sim/dist/linearizability/check-text.js';
import { History } from './history.mjs';
import { Problems } from './problems.mjs';
import { Progress } from './progress.mjs';
import { WatchRecord } from './watch-record.mjs';

test('R8: histories are read by the checker, with conflicts, unknown outcomes and absent keys', () => {
  const history = new History();
  history.begin(100, 'a', 'read')('ok', undefined);
  const first = history.begin(0, 'a', 'cas', [undefined, 1]);
  const second = history.begin(1, 'a', 'cas', [undefined, 1]);
  first('ok');
  second('fail');
  history.begin(2, 'a', 'cas', [1, 2])('info');
  history.begin(100, 'a', 'read')('ok', 2);
  assert.equal(checkText(history.textOf('a')).verdict, 'linearizable');
  history.begin(100, 'a', 'read')('ok', 1);
  assert.equal(checkText(history.textOf('a')).verdict, 'not-linearizable');
  assert.deepEqual([history.keys, history.operations], [['a'], 6]);
});

test('writers stop at the limit, those under way counted, until it is raised', async () => {
  const progress = new Progress();
  progress.raise(2);
  assert.equal(
    progress.mayGoOn(() => 1),
    undefined,
  );
  let isOn = false;
  const waiting = progress
    .mayGoOn(() => 2)
    .then(() => {
      isOn = true;
    });
  progress.count();
  await Promise.resolve();
  assert.equal(isOn, false);
  progress.raise(4);
  await waiting;
  const reached = progress.reached(2);
  progress.count();
  await reached;
});

/** What is told of a watch whose events are these, while these writes were acknowledged. */
async function problemsOf(events, acknowledged) {
  const problems = new Problems();
  async function* batches() {
    for (const [revision, text] of events) {
      const [key, value] = text.split('=');
      yield { revision, events: [{ revision, key: Buffer.from(key), kv: { text: () => value } }] };
    }
  }
  const watch = Object.assign(batches(), { started: async () => 1, close: async () => undefined });
  const record = new WatchRecord({ client: { watch: () => watch }, problems });
  await record.start();
  await record.close();
  record.check(new Map(acknowledged));
  return [...problems.byKind.keys()];
}

test('R11: a watch that leaves out, repeats, reorders or changes something is seen', async () => {
  const a1 = [1, 'a=1'];
  const b1 = [2, 'b=1'];
  const a2 = [3, 'a=2'];
  assert.deepEqual(await problemsOf([a1, b1, a2], [a1, b1, a2]), []);
  assert.deepEqual(await problemsOf([a1, a2], [a1, b1, a2]), ['watch gap', 'watch count']);
  assert.deepEqual(await problemsOf([a1, b1], [a1, b1, a2]), ['watch count']);
  assert.deepEqual(await problemsOf([a1, a1, b1, a2], [a1, b1, a2]), [
    'watch out of order',
    'watch numbers',
    'watch count',
  ]);
  assert.ok((await problemsOf([b1, a1, a2], [a1, b1, a2])).includes('watch out of order'));
  assert.ok((await problemsOf([a1, [2, 'b=2'], a2], [a1, b1, a2])).includes('watch event'));
});
