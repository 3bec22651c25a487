import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { watchHeartbeatMs, watchStopMs } from './limits.js';
import { TestEventSource } from './testing/event-source.js';
import { putEvent, ScriptedWatch } from './testing/scripted-watch.js';
import { readToEnd, readUntil, startTestFace } from './testing/test-face.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

/** What a chunked body says. */
function bodyOf(answer: string): string {
  let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const [size = ''] = rest.split('\r\n', 1);
    const length = Number.parseInt(size, 16);
    if (!(length > 0)) return body;
    body += rest.slice(size.length + 2, size.length + 2 + length);
    rest = rest.slice(size.length + 4 + length);
  }
}

test('a watch of a key, byte for byte', async (t) => {
  const face = await startTestFace(t);
  await face.kv.put(bytes('a'), bytes('1'));
  const socket = await face.open();
  const answer = readUntil(socket, (text) => text.includes('id: 6\n') && text.endsWith('\n\n\r\n'));
  socket.write('GET /kv/a?watch HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => face.kv.watches.open === 1);
  await face.kv.put(bytes('a'), bytes('zwölf'));
  await face.kv.put(bytes('b'), bytes('other'));
  await face.kv.put(bytes('a'), Uint8Array.of(0xff));
  await face.kv.delete(bytes('a'));
  const text = Buffer.from(await answer, 'latin1').toString('utf8');
  socket.destroy();
  const head = text.slice(0, text.indexOf('\r\n\r\n')).replace(/\r\nDate: [^\r]*/, '');
  assert.deepEqual(head.split('\r\n'), [
    'HTTP/1.1 200 OK',
    'Content-Type: text/event-stream',
    'Cache-Control: no-store',
    'X-Accel-Buffering: no',
    'Connection: keep-alive',
    'Keep-Alive: timeout=65',
    'Transfer-Encoding: chunked',
  ]);
  const events = text.replaceAll(/\r\n[0-9a-f]+\r\n/g, '').slice(head.length);
  assert.ok(
    events.endsWith(
      'retry: 1000\nevent: progress\nid: 2\ndata: {"revision":2}\n\n' +
        'event: put\nid: 3\ndata: {"key":"a","value":"zwölf","modRevision":3,"createRevision":2,"version":2}\n\n' +
        'event: put\nid: 5\ndata: {"key":"a","valueBase64":"/w==","modRevision":5,"createRevision":2,"version":3}\n\n' +
        'event: delete\nid: 6\ndata: {"key":"a","modRevision":6}\n\n\r\n',
    ),
    events,
  );
});

test('a watch of a prefix begins at an asked revision and tells what was before', async (t) => {
  const face = await startTestFace(t);
  for (const [key, value] of [
    ['n/a', '1'],
    ['m', '2'],
    ['n/a', '3'],
    ['n/b', '4'],
  ] as const)
    await face.kv.put(bytes(key), bytes(value));
  const source = new TestEventSource(face.port, '/kv/?prefix=n/&watch&from=4&prev');
  await source.until(() => source.events.length === 2);
  assert.deepEqual(source.events, ['put n/a=3@4', 'put n/b=4@5']);
  assert.deepEqual(
    source.messages.map(({ type, lastEventId }) => `${type} ${lastEventId}`),
    ['progress 3', 'put 4', 'put 5'],
  );
  assert.match(
    source.messages[1]?.data ?? '',
    /"prev":\{"value":"1","modRevision":2,"createRevision":2,"version":1\}\}$/,
  );
  source.drop();
  await until(() => face.kv.watches.open === 0);
});

test('R11: an EventSource that loses its connection again and again sees each event once and in order', async (t) => {
  const face = await startTestFace(t);
  const source = new TestEventSource(face.port, '/kv/?watch');
  await source.until(() => source.types.includes('progress'));
  const wanted: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    // Dropped with events on their way, with none since, and while it is away.
    if (round % 4 !== 3) source.drop();
    for (let write = 0; write <= round % 3; write += 1) {
      const { revision } = await face.kv.put(bytes(`k${round}`), bytes(`${write}`));
      wanted.push(`put k${round}=${write}@${revision}`);
    }
    if (round % 4 === 3) source.drop();
    await source.until(() => source.state === 'connecting');
    source.reconnect();
    if (round % 2 === 0) await source.until(() => source.events.length === wanted.length);
    else await source.until(() => source.state === 'open');
  }
  await source.until(() => source.events.length >= wanted.length);
  assert.deepEqual(source.events, wanted);
  source.drop();
});

test('R11: a revision of several events that is cut in its middle goes on after the last event that came', async (t) => {
  const face = await startTestFace(t);
  const events = [putEvent('a', '1', 6), putEvent('b', '2', 6), putEvent('c', '3', 6), putEvent('d', '4', 7)];
  const script = new ScriptedWatch((asked) =>
    asked === 0 ? { revision: 5, events: events.slice(0, 2), isFragment: true } : undefined,
  );
  face.kv.watch = script.watch;
  const source = new TestEventSource(face.port, '/kv/?watch');
  await source.until(() => source.events.length === 2);
  source.drop();
  await source.until(() => source.state === 'connecting');
  assert.equal(source.messages.at(-1)?.lastEventId, '6.2');
  const rest = new ScriptedWatch((asked) => (asked === 0 ? { revision: 7, events, isFragment: false } : undefined));
  face.kv.watch = rest.watch;
  source.reconnect();
  await source.until(() => source.events.length === 4);
  assert.deepEqual(source.events, ['put a=1@6', 'put b=2@6', 'put c=3@6', 'put d=4@7']);
  assert.equal(rest.opened[0]?.fromRevision, 6);
  assert.deepEqual(
    source.messages.map(({ lastEventId }) => lastEventId),
    ['4', '6.1', '6.2', '6.2', '6', '7'],
  );
  source.drop();
});

test('S11: a reader that stops reading is asked nothing for, holds a few pieces, and goes on later without a gap', async (t) => {
  const face = await startTestFace(t);
  const value = Buffer.alloc(20_000, 'v');
  const script = new ScriptedWatch((asked) => ({
    revision: asked + 6,
    events: [putEvent('k', value, asked + 6)],
    isFragment: false,
  }));
  face.kv.watch = script.watch;
  const source = new TestEventSource(face.port, '/kv/k?watch');
  await source.until(() => source.messages.length > 1);
  source.pause();
  let before = -1;
  // Both kernels' buffers fill; from then on nothing is asked for.
  while (script.asked !== before) {
    before = script.asked;
    for (let at = 0; at < 50; at += 1) await turn();
    await face.call('GET', '/livez');
  }
  assert.ok(script.asked * value.length < 24_000_000, `${script.asked} batches were made for nobody`);
  const count = before;
  source.resume();
  await source.until(() => source.messages.length > count + 10);
  const revisions = source.messages.slice(1).map(({ lastEventId }) => Number(lastEventId));
  assert.ok(revisions.every((revision, at) => revision === at + 6));
  source.drop();
  await until(() => script.open === 0 && face.metrics.http.openRequests === 0);
});

test('S11: a client that goes away, before or after its watch has begun, holds nothing', async (t) => {
  const face = await startTestFace(t);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  face.kv.gate = (operation) => (operation === 'watch' ? held : undefined);
  const early = new TestEventSource(face.port, '/kv/?watch');
  await until(() => face.metrics.http.openRequests === 1);
  early.drop();
  await until(() => face.metrics.http.openRequests === 0);
  release();
  const late = new TestEventSource(face.port, '/kv/?watch');
  await late.until(() => late.state === 'open');
  assert.equal(face.kv.watches.open, 1);
  late.drop();
  await until(() => face.kv.watches.open === 0);
  assert.equal(face.metrics.http.routes.watch.answers[0], 2);
  assert.deepEqual(face.logged, []);
});

test('R12: compaction below a watch that runs ends it with the compact revision, and an EventSource then asks no more', async (t) => {
  const face = await startTestFace(t);
  const details = { field: 'fromRevision', compactRevision: 9 };
  const script = new ScriptedWatch((asked) =>
    asked === 0
      ? { revision: 6, events: [putEvent('k', 'v', 6)], isFragment: false }
      : new KvorumError('COMPACTED', 'events before revision 9 were compacted away', details),
  );
  face.kv.watch = script.watch;
  const source = new TestEventSource(face.port, '/kv/k?watch&from=5');
  await source.until(() => source.types.includes('compacted') && source.state === 'connecting');
  assert.deepEqual(source.types, ['progress', 'put', 'compacted']);
  assert.deepEqual(JSON.parse(source.messages.at(-1)?.data ?? ''), {
    error: {
      code: 'COMPACTED',
      message: 'events before revision 9 were compacted away',
      field: 'from',
      compactRevision: 9,
    },
  });
  source.reconnect();
  await source.until(() => source.state === 'closed');
  assert.equal(source.status, 204);
  assert.equal(script.opened.length, 1);
});

test('R12: a watch from before the compaction is 410; who reads events is told by one', async (t) => {
  const face = await startTestFace(t);
  for (const value of ['1', '2', '3']) await face.kv.put(bytes('k'), bytes(value));
  await face.kv.compact(4);
  const answer = await face.call('GET', '/kv/k?watch&from=3');
  assert.equal(answer.status, 410);
  assert.deepEqual(answer.error, {
    code: 'COMPACTED',
    message: 'events before revision 4 were compacted away',
    field: 'from',
    compactRevision: 4,
  });
  const resumed = await face.call('GET', '/kv/k?watch', { headers: { 'Last-Event-ID': '2' } });
  assert.deepEqual([resumed.status, resumed.error['field']], [410, 'Last-Event-ID']);
  const source = new TestEventSource(face.port, '/kv/k?watch&from=3');
  await source.until(() => source.types.includes('compacted'));
  assert.deepEqual(source.types, ['compacted']);
  const allowed = await face.call('GET', '/kv/k?watch&from=3', { headers: { Accept: 'text/html' } });
  assert.equal(allowed.status, 410);
  const kept = new TestEventSource(face.port, '/kv/k?watch&from=4');
  await kept.until(() => kept.events.length === 1);
  assert.deepEqual(kept.events, ['put k=3@4']);
  kept.drop();
});

test('a node that stops tells its watches and ends them at once and whole', async (t) => {
  const face = await startTestFace(t);
  const socket = await face.open();
  const all = readToEnd(socket);
  const begun = readUntil(socket, (text) => text.includes('event: progress'));
  socket.write('GET /kv/?watch HTTP/1.1\r\nHost: x\r\n\r\n');
  await begun;
  const startMs = performance.now();
  await face.face.close();
  assert.ok(performance.now() - startMs < watchStopMs, 'nobody waited for a watch');
  const answer = await all;
  assert.equal(
    bodyOf(answer),
    'retry: 1000\nevent: progress\nid: 1\ndata: {"revision":1}\n\n' +
      'event: failure\ndata: {"error":{"code":"STOPPED","message":"the node is stopping; go on at another one"}}\n\n',
  );
  assert.ok(answer.endsWith('0\r\n\r\n'), 'the body is complete');
});

test('a watch whose reader takes nothing holds up a stop for a second at most', async (t) => {
  const face = await startTestFace(t);
  const value = Buffer.alloc(100_000, 'v');
  const script = new ScriptedWatch((asked) => ({
    revision: asked + 6,
    events: [putEvent('k', value, asked + 6)],
    isFragment: false,
  }));
  face.kv.watch = script.watch;
  const source = new TestEventSource(face.port, '/kv/k?watch');
  await source.until(() => source.messages.length > 1);
  source.pause();
  let before = -1;
  while (script.asked !== before) {
    before = script.asked;
    for (let at = 0; at < 50; at += 1) await turn();
  }
  const startMs = performance.now();
  await face.face.close();
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= watchStopMs - 5 && tookMs < 3 * watchStopMs, `${tookMs} ms`);
  assert.equal(script.open, 0);
});

test('a node that stops while a watch is being opened refuses it at once', async (t) => {
  const face = await startTestFace(t);
  face.kv.gate = () => new Promise(() => undefined);
  const answer = face.call('GET', '/kv/?watch');
  const source = new TestEventSource(face.port, '/kv/?watch');
  await until(() => face.metrics.http.openRequests === 2);
  const startMs = performance.now();
  await face.face.close();
  assert.ok(performance.now() - startMs < watchStopMs);
  assert.deepEqual([(await answer).status, (await answer).error['code']], [503, 'STOPPED']);
  assert.deepEqual(source.types, ['failure']);
});

test('S9: one watch more than watchStreamsMax is refused, and another fits when one left', async (t) => {
  const face = await startTestFace(t, { watchStreamsMax: 2 });
  const sources = [new TestEventSource(face.port, '/kv/?watch'), new TestEventSource(face.port, '/kv/a?watch')];
  for (const source of sources) await source.until(() => source.types.length === 1);
  const refused = await face.call('GET', '/kv/?watch');
  assert.deepEqual([refused.status, refused.error['code']], [429, 'TOO_MANY_REQUESTS']);
  const told = new TestEventSource(face.port, '/kv/?watch');
  await told.until(() => told.types.length === 1 && told.state === 'connecting');
  assert.deepEqual(told.types, ['failure']);
  sources[0]?.drop();
  await until(() => face.kv.watches.open === 1);
  told.reconnect();
  await told.until(() => told.types.includes('progress'));
  for (const source of [...sources, told]) source.drop();
});

test('S9: a watch counts for its connection', async (t) => {
  const face = await startTestFace(t);
  const script = new ScriptedWatch(() => undefined);
  face.kv.watch = script.watch;
  const sources = [new TestEventSource(face.port, '/kv/?watch'), new TestEventSource(face.port, '/kv/?watch')];
  for (const source of sources) await source.until(() => source.types.length === 1);
  const [first, second] = script.opened.map(({ connection }) => connection);
  assert.ok(first !== undefined && second !== undefined && first !== second);
  for (const source of sources) source.drop();
});

test('a quiet watch gets a comment at every other beat, one that was told something later', async (t) => {
  const face = await startTestFace(t);
  const socket = await face.open();
  const begun = readUntil(socket, (text) => text.includes('event: progress'));
  socket.write('GET /kv/?watch HTTP/1.1\r\nHost: x\r\n\r\n');
  await begun;
  const beaten = readUntil(socket, (text) => text.includes(':\n\n'));
  face.beat(watchHeartbeatMs);
  face.beat(watchHeartbeatMs);
  assert.equal(await beaten, '3\r\n:\n\n\r\n');
  const told = readUntil(socket, (text) => text.includes('event: put'));
  await face.kv.put(bytes('a'), bytes('1'));
  await told;
  const again = readUntil(socket, (text) => text.includes(':\n\n'));
  face.beat(watchHeartbeatMs);
  face.beat(watchHeartbeatMs);
  assert.equal(await again, '3\r\n:\n\n\r\n', 'the first beat after an event says nothing');
  socket.destroy();
});

test('what is wrong with a request for a watch is said before it begins', async (t) => {
  const face = await startTestFace(t);
  const accept = { Accept: 'text/event-stream' };
  for (const [path, headers, field] of [
    ['/kv/a?watch=false', {}, 'watch'],
    ['/kv/a?watch&from=0', {}, 'from'],
    ['/kv/a?watch&from=x', accept, 'from'],
    ['/kv/a?watch&prefix=b', {}, 'prefix'],
    ['/kv/a?watch&revision=3', {}, 'revision'],
    ['/kv/a?watch&timeout=0', {}, 'timeout'],
    ['/kv/a?watch', { 'Last-Event-ID': 'x' }, 'Last-Event-ID'],
    ['/kv/%zz?watch', accept, 'key'],
  ] as const) {
    const { status, error } = await face.call('GET', path, { headers });
    assert.deepEqual([status, error['code'], error['field']], [400, 'INVALID_ARGUMENT', field], path);
  }
  const long = await face.call('GET', `/kv/?watch&prefix=${'a'.repeat(65_537)}`);
  assert.deepEqual([long.status, long.error['field']], [414, 'prefix']);
  const head = await face.call('HEAD', '/kv/a?watch');
  assert.deepEqual([head.status, head.headers.allow], [405, 'GET']);
  assert.equal(face.kv.watches.open, 0);
});
