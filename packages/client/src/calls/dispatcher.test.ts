/** Calls, messages and retries against servers in a script's hands, in virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KvorumError } from '@kvorum/protocol';
import { kvMethods } from '@kvorum/protocol/kvorum/v1/kv.js';
import type { ClientOptions } from '../base/options.js';
import { type Client, createClient } from '../client.js';
import { failure } from '../testing/client-error.js';
import { type Fate, type FakeCall, FakeCluster } from '../testing/fake-cluster.js';

const addresses = ['a:1', 'b:1', 'c:1'];

async function start(options: ClientOptions = {}): Promise<{ readonly cluster: FakeCluster; readonly client: Client }> {
  const cluster = new FakeCluster(addresses);
  const client = createClient(addresses, options, cluster.deps);
  await cluster.clock.advance(10);
  cluster.calls.length = 0;
  return { cluster, client };
}

const operations = ({ request }: FakeCall): number => kvMethods.batch.request.decode(request).operations.length;
const isCall = ({ method }: FakeCall): boolean => method !== 'GetServers' && method !== 'OpenSession';

test('calls of one turn share a message, one alone goes as itself, and writes go to the leader', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  await clock.until(client.set('k', '0'));
  await clock.until(Promise.all(Array.from({ length: 300 }, (_, at) => client.set(`k${at}`, 'v'))));
  assert.deepEqual(cluster.seen('OpenSession', 'Set', 'Batch'), [
    'a:1 OpenSession',
    'a:1 Set',
    'a:1 Batch',
    'a:1 Batch',
  ]);
  assert.deepEqual(cluster.calls.filter(({ method }) => method === 'Batch').map(operations), [256, 44]);
  await clock.until(client.close());
});

test('reads are spread over the followers, large turns in equal parts', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  for (let at = 0; at < 4; at += 1) await clock.until(client.get('k'));
  await clock.until(Promise.all(Array.from({ length: 100 }, () => client.get('k'))));
  const reads = cluster.seen('Get', 'Batch').sort();
  assert.deepEqual(reads, ['b:1 Batch', 'b:1 Get', 'b:1 Get', 'c:1 Batch', 'c:1 Get', 'c:1 Get']);
  assert.deepEqual(cluster.calls.filter(({ method }) => method === 'Batch').map(operations), [50, 50]);
  await clock.until(client.close());
});

test('under load messages grow: few are under way, the others wait and share the next', async () => {
  const { cluster, client } = await start({ maxBatchesInFlight: 2, session: false });
  const { clock } = cluster;
  const calls: Promise<unknown>[] = [];
  for (let at = 0; at < 20; at += 1) {
    calls.push(client.set(`k${at}`, 'v'));
    await clock.settle();
  }
  await clock.until(Promise.all(calls));
  assert.deepEqual(cluster.seen('Set', 'Batch'), ['a:1 Set', 'a:1 Set', 'a:1 Batch']);
  await clock.until(client.close());
});

test('R20: a write whose answer was lost is sent again with its number, elsewhere, and happens once', async () => {
  const { cluster, client } = await start();
  const { clock, store } = cluster;
  await clock.until(client.set('k', '1'));
  cluster.fate = ({ address, method }) => (address === 'a:1' && method === 'Set' ? 'answerLost' : 'ok');
  assert.equal((await clock.until(client.set('k', '2', { ifModRevision: 2 }))).version, 2);
  assert.equal(store.executions.get('k'), 2);
  assert.equal(client.stats().retries, 1);
  const sets = cluster.calls
    .filter(({ method }) => method === 'Set')
    .map(({ request }) => kvMethods.set.request.decode(request));
  assert.deepEqual(
    sets.map(({ sequence, firstUnacknowledged }) => [sequence, firstUnacknowledged]),
    [
      [1, 1],
      [2, 2],
      [2, 2],
    ],
  );
  await clock.until(client.close());
});

test('R20: without a session a write is sent again only if it certainly was not carried out', async () => {
  const { cluster, client } = await start({ session: false });
  const { clock, store } = cluster;
  let left = 1;
  cluster.fate = (call) => (isCall(call) && left-- > 0 ? 'notSent' : 'ok');
  await clock.until(client.set('k', '1'));
  left = 1;
  cluster.fate = (call) =>
    isCall(call) && left-- > 0 ? new KvorumError('UNAVAILABLE', 'no leader', { mayHaveHappened: false }) : 'ok';
  await clock.until(client.set('k', '2'));
  await clock.advance(1_000);
  left = 1;
  cluster.fate = (call) => (isCall(call) && left-- > 0 ? 'answerLost' : 'ok');
  const error = await clock.until(failure(client.set('k', '3')));
  assert.deepEqual([error.code, error.mayHaveHappened, error.server], ['UNAVAILABLE', true, 'a:1']);
  assert.equal(store.executions.get('k'), 3);
  await clock.until(client.close());
});

test('a leader that is named in passing gets the next write', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  await clock.until(client.set('k', '1'));
  cluster.fate = (call) =>
    isCall(call) && call.address === 'a:1'
      ? new KvorumError('UNAVAILABLE', 'not I', { leader: 'c:1', mayHaveHappened: false })
      : 'ok';
  await clock.until(client.set('k', '2'));
  assert.deepEqual(cluster.seen('Set'), ['a:1 Set', 'a:1 Set', 'c:1 Set']);
  await clock.until(client.close());
});

test('a follower that hangs costs one attempt, and is avoided then', async () => {
  const { cluster, client } = await start({ attemptTimeoutMs: 100 });
  const { clock } = cluster;
  cluster.fate = (call) => (call.address === 'b:1' && isCall(call) ? 'silent' : 'ok');
  await clock.until(client.get('k'));
  await clock.until(client.get('k'));
  const before = clock.nowMs();
  for (let at = 0; at < 10; at += 1) await clock.until(client.get('k'));
  assert.ok(clock.nowMs() - before < 50, `${clock.nowMs() - before} ms`);
  assert.equal(client.stats().servers.find(({ address }) => address === 'b:1')?.failures, 1);
  await clock.until(client.close());
});

test('a call ends with its deadline and says why; a timer serves all calls', async () => {
  const { cluster, client } = await start({ timeoutMs: 1_000 });
  const { clock } = cluster;
  cluster.fate = (call) => (isCall(call) ? 'lost' : 'ok');
  const timersBefore = clock.timers;
  const calls = Array.from({ length: 100 }, () => failure(client.set('k', 'v')));
  const read = failure(client.get('k', { timeoutMs: 200 }));
  await clock.settle();
  assert.ok(clock.timers - timersBefore < 10, `${clock.timers} timers`);
  const { code, mayHaveHappened, message } = await clock.until(read);
  assert.deepEqual([code, mayHaveHappened], ['TIMEOUT', false]);
  assert.match(message, /^not answered within 200 ms; the last attempt: lost$/);
  for (const error of await clock.until(Promise.all(calls))) {
    assert.deepEqual([error.code, error.mayHaveHappened], ['TIMEOUT', true]);
  }
  assert.equal(clock.nowMs(), 1_010);
  await clock.until(client.close());
});

test('a cancelled write that is under way is in doubt, one that waits is not; the others go on', async () => {
  const { cluster, client } = await start({ maxBatchesInFlight: 1 });
  const { clock, store } = cluster;
  await clock.until(client.set('k', '1'));
  const controller = new AbortController();
  const { signal } = controller;
  const sent = failure(client.set('sent', '1', { signal }));
  await clock.settle();
  const waiting = failure(client.set('waiting', '1', { signal }));
  const other = client.set('other', '1');
  await clock.settle();
  controller.abort();
  assert.deepEqual([(await sent).mayHaveHappened, (await waiting).mayHaveHappened], [true, false]);
  await clock.until(other);
  assert.deepEqual([store.executions.get('sent'), store.executions.get('waiting')], [1, undefined]);
  await clock.until(client.close());
});

test('R20: an expired session is replaced; a write of it that may have happened is not made in the next', async () => {
  const { cluster, client } = await start();
  const { clock, store } = cluster;
  await clock.until(client.set('k', '1'));
  store.sessions.clear();
  await clock.until(client.set('k', '2'));
  assert.equal(cluster.seen('OpenSession').length, 2);
  cluster.fate = ({ method }) => {
    if (method !== 'Set') return 'ok';
    store.sessions.clear();
    return 'answerLost';
  };
  let isFirst = true;
  const lose = cluster.fate;
  cluster.fate = (call) => {
    if (call.method !== 'Set' || !isFirst) return 'ok';
    isFirst = false;
    return lose(call);
  };
  const error = await clock.until(failure(client.set('k', '3')));
  assert.deepEqual([error.code, error.mayHaveHappened], ['SESSION_EXPIRED', true]);
  await clock.until(client.set('k', '4'));
  await clock.until(client.close());
});

test('the window of a session holds writes back, and lets them go as others end', async () => {
  const cluster = new FakeCluster(addresses);
  cluster.store.window = 10;
  const client = createClient(addresses, {}, cluster.deps);
  const { clock } = cluster;
  await clock.until(Promise.all(Array.from({ length: 35 }, (_, at) => client.set(`k${at}`, 'v'))));
  assert.deepEqual(cluster.calls.filter(({ method }) => method === 'Batch').map(operations), [10, 10, 10, 5]);
  await clock.until(client.close());
});

test('where no session can be had, writes fail with the reason: at once, or when their time is over', async () => {
  const { cluster, client } = await start({ timeoutMs: 500 });
  const { clock } = cluster;
  cluster.fate = ({ method }) =>
    method === 'OpenSession' ? new KvorumError('KEYSPACE_NOT_FOUND', 'no such keyspace') : 'ok';
  const final = await clock.until(failure(client.set('k', 'v')));
  assert.deepEqual([final.code, final.mayHaveHappened], ['KEYSPACE_NOT_FOUND', false]);
  cluster.fate = ({ method }) =>
    method === 'OpenSession' ? new KvorumError('TOO_MANY_SESSIONS', 'too many sessions') : 'ok';
  const late = await clock.until(failure(client.set('k', 'v')));
  assert.deepEqual([late.code, late.mayHaveHappened], ['TIMEOUT', false]);
  assert.match(late.message, /too many sessions/);
  cluster.fate = () => 'ok';
  await clock.until(client.set('k', 'v'));
  await clock.until(client.close());
});

test('a session is kept alive, and closed with the client, which leaves no timer', async () => {
  const { cluster, client } = await start();
  const { clock, store } = cluster;
  await clock.until(client.set('k', 'v'));
  await clock.advance(3_600_000);
  assert.equal(cluster.seen('KeepAliveSession').length, 3);
  await clock.until(client.close());
  assert.equal(store.sessions.size, 0);
  assert.deepEqual([...new Set(cluster.closed)].sort(), addresses);
  assert.equal(clock.timers, 0);
});

const fates: Fate[] = [
  'ok',
  'ok',
  'ok',
  'notSent',
  'lost',
  'answerLost',
  'late',
  'silent',
  new KvorumError('UNAVAILABLE', 'no leader', { mayHaveHappened: false }),
  new KvorumError('TOO_MANY_REQUESTS', 'busy', { mayHaveHappened: false }),
];

for (const session of [true, false]) {
  test(`R20: whatever is lost, a write that succeeded happened once, one that failed as undone never (session ${session})`, async () => {
    const script = fc.array(fc.nat(fates.length), { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const { cluster, client } = await start({ session, timeoutMs: 400, attemptTimeoutMs: 60 });
        const { clock, store } = cluster;
        let step = 0;
        cluster.fate = ({ method }) => {
          if (method === 'GetServers') return 'ok';
          const fate = steps[step++ % steps.length] ?? 0;
          if (fate < fates.length) return fates[fate] ?? 'ok';
          store.sessions.clear();
          return 'ok';
        };
        const outcomes = new Map<string, 'once' | 'never' | 'maybe'>();
        const write = async (key: string): Promise<void> => {
          const outcome = await client.set(key, 'v').then(
            () => 'once' as const,
            (error: { mayHaveHappened: boolean }) => (error.mayHaveHappened ? 'maybe' : 'never'),
          );
          outcomes.set(key, outcome);
        };
        const writer = async (name: string): Promise<void> => {
          for (let at = 0; at < 8; at += 1) await write(`${name}${at}`);
        };
        await clock.until(Promise.all(['x', 'y', 'z'].map(writer)));
        cluster.fate = () => 'ok';
        await clock.until(client.close());
        await clock.advance(1_000);
        for (const [key, outcome] of outcomes) {
          const times = store.executions.get(key) ?? 0;
          const isRight = outcome === 'maybe' ? times <= 1 : times === (outcome === 'once' ? 1 : 0);
          assert.ok(isRight, `${key}: ${outcome}, happened ${times} times`);
        }
      }),
      { numRuns: 60 },
    );
  });
}

test('what was read keeps its key when the caller uses the bytes that it gave for something else', async () => {
  const { cluster, client } = await start();
  const key = Buffer.from('k');
  await cluster.clock.until(client.set(key, 'v'));
  const found = await cluster.clock.until(client.get(key));
  key.fill('x');
  assert.equal(found?.keyText(), 'k');
  await cluster.clock.until(client.close());
});

test('after the end of a client whatever is called ends with CANCELLED, and nothing is sent', async () => {
  const { cluster, client } = await start();
  const { clock } = cluster;
  await clock.until(client.close());
  cluster.calls.length = 0;
  const watch = client.watch();
  const calls = [client.get('k'), client.set('k', 'v'), client.list().next(), watch.next(), watch.started()];
  for (const call of [...calls, client.servers()]) {
    const { code, message, mayHaveHappened } = await clock.until(failure(call));
    assert.deepEqual([code, message, mayHaveHappened], ['CANCELLED', 'the client is closed', false]);
  }
  assert.deepEqual([cluster.calls.length, clock.timers], [0, 0]);
});
