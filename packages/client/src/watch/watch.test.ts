import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClientError } from '../base/errors.js';
import { watchOpenTimeoutMs, watchSilenceMs } from './limits.js';
import { ManualClock } from './testing/manual-clock.js';
import { changeName, ScriptedServers, type StreamScript } from './testing/scripted-server.js';
import { Watch } from './watch.js';
import type { WatchBatch, WatchOptions } from './watch-types.js';

class Bench {
  readonly clock = new ManualClock();
  readonly servers = new ScriptedServers();
  ended = 0;

  watch(options: WatchOptions = {}): Watch {
    const onEnded = (): void => {
      this.ended += 1;
    };
    const random = { next: () => 0.5 };
    return new Watch({ clock: this.clock, random, pick: this.servers.pick, onEnded }, options, 'default');
  }

  async next(watch: Watch): Promise<WatchBatch | undefined> {
    return (await this.clock.settle(watch.next())).value;
  }

  async failure(promise: Promise<unknown>): Promise<ClientError> {
    const error = await this.clock.settle(
      promise.then(
        () => undefined,
        (reason: unknown) => reason,
      ),
    );
    assert.ok(error instanceof ClientError, String(error));
    return error;
  }
}

const cut: StreamScript = {
  messages: 0,
  eventsMax: 10,
  fragments: false,
  replays: 0,
  lag: 0,
  end: 'UNAVAILABLE',
  isRefused: false,
};

function namesOf(batch: WatchBatch | undefined): string[] {
  return (batch?.events ?? []).map(({ revision, key }) => changeName(revision, Buffer.from(key).toString()));
}

const streamArbitrary: fc.Arbitrary<StreamScript> = fc.record({
  messages: fc.nat(5),
  eventsMax: fc.integer({ min: 1, max: 6 }),
  fragments: fc.boolean(),
  replays: fc.constantFrom(0, 0, 1, 5),
  lag: fc.constantFrom(0, 0, 1, 4),
  end: fc.constantFrom('UNAVAILABLE', 'STOPPED', 'INTERNAL', 'finished', 'silent'),
  isRefused: fc.constantFrom(false, false, false, true),
});

/** Changes of one revision; few, sometimes many, sometimes none of the watched keys. */
const revisionArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.constant(['a']) },
  { weight: 2, arbitrary: fc.constant(['a', 'b', '-c']) },
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 13 }, (_, at) => `k${at}`)) },
);

/** What happens before one message. */
const happeningArbitrary = fc.record({
  writes: fc.array(revisionArbitrary, { maxLength: 3 }),
  /** How far behind the newest revision a compaction is; undefined: none. */
  compactsTo: fc.option(fc.nat(12), { freq: 8, nil: undefined }),
});

test('R11: whatever servers do, every change comes exactly once and whole, or COMPACTED tells what is gone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        before: fc.array(revisionArbitrary, { maxLength: 6 }),
        fromRevision: fc.constantFrom(0, 0, 1, 2, 5),
        fragment: fc.boolean(),
        progress: fc.boolean(),
        streams: fc.array(streamArbitrary, { maxLength: 12 }),
        happenings: fc.array(happeningArbitrary, { maxLength: 30 }),
      }),
      async ({ before, fromRevision, fragment, progress, streams, happenings }) => {
        const { clock, servers, watch } = scene();
        servers.write(...before);
        servers.scripts.push(...streams);
        const left = [...happenings];
        servers.onMessage = () => {
          const happening = left.shift();
          if (happening === undefined) return;
          servers.write(...happening.writes);
          const { compactsTo } = happening;
          if (compactsTo !== undefined)
            servers.compactRevision = Math.max(servers.compactRevision, servers.history.length - compactsTo);
        };
        const reading = watch({ fromRevision, fragment, progress });
        const first = await clock.settle(reading.started().catch((error: unknown) => error));
        if (first instanceof ClientError) {
          assert.equal(first.code, 'COMPACTED');
          await assert.rejects(clock.settle(reading.next()), first);
          return;
        }
        assert.ok(typeof first === 'number' && (fromRevision === 0 || first === fromRevision), String(first));
        const seen = await readAll(clock, servers, reading, first, fragment);
        const expected = servers.changesFrom(first);
        if (seen.failure === undefined) {
          assert.deepEqual(seen.names, expected);
        } else {
          assert.equal(seen.failure.code, 'COMPACTED', seen.failure.stack);
          assert.ok((seen.failure.compactRevision ?? 0) > seen.bookmark + 1, 'what is gone had not been delivered');
          assert.deepEqual(seen.names, expected.slice(0, seen.names.length));
        }
        await reading.close();
        assert.deepEqual([servers.openStreams, reading.hasEnded], [0, true]);
      },
    ),
    { numRuns: 300 },
  );
});

function scene(): { clock: ManualClock; servers: ScriptedServers; watch: (options: WatchOptions) => Watch } {
  const bench = new Bench();
  return { clock: bench.clock, servers: bench.servers, watch: (options) => bench.watch(options) };
}

interface Seen {
  readonly names: readonly string[];
  /** Everything up to here has come. */
  readonly bookmark: number;
  readonly failure: ClientError | undefined;
}

/** Reads until the end of the history, checking each batch by itself. */
async function readAll(
  clock: ManualClock,
  servers: ScriptedServers,
  watch: Watch,
  first: number,
  fragment: boolean,
): Promise<Seen> {
  const names: string[] = [];
  let bookmark = first - 1;
  while (servers.history.length < bookmark) servers.write([]);
  try {
    while (servers.scripts.length > 0 || names.length < servers.changesFrom(first).length) {
      if (names.length === servers.changesFrom(first).length) servers.write(['more']);
      const { value: batch } = await clock.settle(watch.next());
      assert.ok(batch !== undefined);
      assert.ok(batch.revision >= bookmark, 'a bookmark goes back');
      bookmark = batch.revision;
      names.push(...namesOf(batch));
      const whole = servers.changesFrom(first).filter((name) => Number.parseInt(name, 10) <= bookmark);
      assert.ok(fragment || !batch.isFragment, 'a revision is split');
      assert.deepEqual(batch.isFragment ? names.slice(0, whole.length) : names, whole, 'a bookmark is wrong');
    }
    return { names, bookmark, failure: undefined };
  } catch (error) {
    if (error instanceof ClientError) return { names, bookmark, failure: error };
    throw error;
  }
}

test('R11: a watch from now on misses nothing when its server is lost before the first change', async () => {
  const bench = new Bench();
  bench.servers.write(['a'], ['b']);
  bench.servers.scripts.push(cut);
  const watch = bench.watch();
  assert.equal(await bench.clock.settle(watch.started()), 3);
  bench.servers.write(['c'], ['d']);
  assert.deepEqual(namesOf(await bench.next(watch)), ['3:c', '4:d']);
  assert.deepEqual(bench.servers.asked, [0, 3]);
  await watch.close();
});

test('R11: a watch begins exactly at the revision that was asked for, also at one that is yet to come', async () => {
  const bench = new Bench();
  bench.servers.write(['a'], ['b'], ['c']);
  const past = bench.watch({ fromRevision: 2 });
  const future = bench.watch({ fromRevision: 5 });
  assert.deepEqual(namesOf(await bench.next(past)), ['2:b', '3:c']);
  assert.equal(await bench.clock.settle(future.started()), 5);
  bench.servers.write(['d']);
  bench.servers.write(['e']);
  assert.deepEqual(namesOf(await bench.next(future)), ['5:e']);
  await Promise.all([past.close(), future.close()]);
  assert.equal(bench.servers.openStreams, 0);
});

test('R11: compaction at the resume point is told with its revision, and one just before it goes unnoticed', async () => {
  for (const [compactRevision, isGone] of [
    [3, false],
    [4, false],
    [5, true],
  ] as const) {
    const bench = new Bench();
    bench.servers.write(['a'], ['b'], ['c']);
    bench.servers.scripts.push({ ...cut, messages: 1 });
    const watch = bench.watch({ fromRevision: 1 });
    assert.deepEqual(namesOf(await bench.next(watch)), ['1:a', '2:b', '3:c']);
    bench.servers.write(['d'], ['e']);
    bench.servers.compactRevision = compactRevision;
    if (isGone) {
      const { code, compactRevision: oldest } = await bench.failure(watch.next());
      assert.deepEqual([code, oldest], ['COMPACTED', compactRevision]);
      assert.equal((await bench.clock.settle(watch.next())).done, true, 'nothing follows');
    } else assert.deepEqual(namesOf(await bench.next(watch)), ['4:d', '5:e']);
    await watch.close();
  }
});

test('a server that says nothing is left for another: soon while it is asked, later while it is read', async () => {
  const bench = new Bench();
  bench.servers.write(['a']);
  // Never opens, then opens and tells nothing, then serves.
  const mute = (async function* (): AsyncGenerator<Uint8Array> {
    await new Promise(() => undefined);
    yield new Uint8Array();
  })();
  const real = bench.servers.pick();
  let isMute = true;
  const servers = {
    ...real,
    channel: {
      stream: (...call: Parameters<typeof real.channel.stream>) => {
        if (!isMute) return real.channel.stream(...call);
        isMute = false;
        return mute;
      },
    },
  };
  const random = { next: () => 0.5 };
  const deps = { clock: bench.clock, random, pick: () => servers, onEnded: () => undefined };
  bench.servers.scripts.push({ ...cut, end: 'silent' });
  const watch = new Watch(deps, { fromRevision: 1 }, 'default');
  assert.deepEqual(namesOf(await bench.next(watch)), ['1:a']);
  const waitedMs = bench.clock.nowMs();
  assert.ok(waitedMs >= watchOpenTimeoutMs + watchSilenceMs && waitedMs < watchOpenTimeoutMs + watchSilenceMs + 200);
  assert.equal(bench.servers.silent, 2);
  await watch.close();
});

test('S11: nothing is read ahead of a slow reader but one batch, and its time does not count as silence', async () => {
  const bench = new Bench();
  bench.servers.write(...Array.from({ length: 100 }, () => ['a']));
  bench.servers.scripts.push({ ...cut, messages: 1000, eventsMax: 1, end: 'silent' });
  const watch = bench.watch({ fromRevision: 1 });
  await bench.clock.settle(watch.started());
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(bench.servers.messagesRead, 2, 'the opening one, and the first batch');
  assert.equal(bench.clock.size, 0, 'nobody waits for the server');
  assert.deepEqual(namesOf(await bench.next(watch)), ['1:a']);
  assert.deepEqual(namesOf(await bench.next(watch)), ['2:a']);
  assert.equal(bench.servers.messagesRead, 3);
  await watch.close();
});

test('a signal, and the end of the client, reject the reader with CANCELLED; leaving the loop ends quietly', async () => {
  for (const end of ['signal', 'client', 'leave', 'close'] as const) {
    const bench = new Bench();
    const controller = new AbortController();
    const watch = bench.watch({ signal: controller.signal });
    await bench.clock.settle(watch.started());
    const waiting = watch.next();
    await new Promise((resolve) => setImmediate(resolve));
    if (end === 'signal') controller.abort(new Error('enough'));
    else if (end === 'client') watch.cancel('the client was closed');
    else await (end === 'leave' ? watch.return() : watch.close());
    if (end === 'signal' || end === 'client') assert.equal((await bench.failure(waiting)).code, 'CANCELLED');
    else assert.equal((await waiting).done, true);
    assert.equal((await watch.next()).done, true);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([bench.servers.openStreams, bench.clock.size, watch.hasEnded], [0, 0, true], end);
    assert.ok(bench.ended > 0);
  }
});

test('a watch that is cancelled before, while it pauses, or while nobody reads holds nothing', async () => {
  const before = new Bench();
  const aborted = before.watch({ signal: AbortSignal.abort() });
  assert.equal((await before.failure(aborted.next())).code, 'CANCELLED');
  assert.equal((await before.failure(aborted.started())).code, 'CANCELLED');
  assert.deepEqual(before.servers.asked.length <= 1 && before.servers.openStreams, 0);

  const pausing = new Bench();
  pausing.servers.scripts.push({ ...cut, isRefused: true });
  const paused = pausing.watch();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(pausing.clock.size, 1, 'it pauses');
  paused.cancel('the client was closed');
  assert.equal((await pausing.failure(paused.next())).code, 'CANCELLED');
  assert.equal(pausing.clock.size, 0);

  const idle = new Bench();
  idle.servers.write(['a'], ['b']);
  const unread = idle.watch({ fromRevision: 1 });
  await idle.clock.settle(unread.started());
  await new Promise((resolve) => setImmediate(resolve));
  unread.cancel('the client was closed');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([idle.servers.openStreams, unread.hasEnded], [0, true]);
});

test('events one by one, with what they made of the key', async () => {
  const bench = new Bench();
  bench.servers.write(['a', 'b'], ['-a']);
  const seen: string[] = [];
  const watch = bench.watch({ fromRevision: 1 });
  const reading = (async () => {
    for await (const { type, revision, kv, key } of watch.events()) {
      seen.push(`${revision} ${type} ${Buffer.from(key).toString()} ${kv?.text() ?? ''}`);
      if (seen.length === 3) break;
    }
  })();
  await bench.clock.settle(reading);
  assert.deepEqual(seen, ['1 put a a', '1 put b b', '2 delete -a ']);
  assert.equal(watch.hasEnded, true);
});

test('S4: options that contradict each other are refused before anything is sent', () => {
  const bench = new Bench();
  const refused: readonly (readonly [WatchOptions, string])[] = [
    [{ key: 'a', prefix: 'b' }, 'prefix'],
    [{ key: 'a', start: 'b' }, 'key'],
    [{ prefix: 'a', end: 'b' }, 'prefix'],
    [{ key: '' }, 'key'],
    [{ fromRevision: -1 }, 'fromRevision'],
    [{ fromRevision: 1.5 }, 'fromRevision'],
  ];
  for (const [options, field] of refused) {
    assert.throws(
      () => bench.watch(options),
      (error) => error instanceof ClientError && error.code === 'INVALID_ARGUMENT' && error.field === field,
      JSON.stringify(options),
    );
  }
  assert.deepEqual(bench.servers.asked, []);
});
