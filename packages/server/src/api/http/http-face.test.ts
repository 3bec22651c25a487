import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { pipelinedRequestsMax } from './limits.js';
import { completeHttpOptions, httpOptionRanges, type HttpNumericOption } from './options.js';
import { readToEnd, readUntil, startTestFace, TestFace } from './testing/test-face.js';

/** A promise and what settles it. */
function hold(): { readonly promise: Promise<void>; readonly release: () => void } {
  let release = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}

function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  return new Promise((resolve) => {
    socket.on('close', () => resolve());
  });
}

/** Loop turns until `isTrue`; the test runner's own timeout ends it when that never comes. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

test('S4: each numeric option outside its range is refused, naming option, value and range', () => {
  for (const name of Object.keys(httpOptionRanges) as HttpNumericOption[]) {
    const { min, max } = httpOptionRanges[name];
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN]) {
      assert.throws(
        () => completeHttpOptions({ [name]: value }),
        (error) =>
          error instanceof KvorumError &&
          error.details.field === name &&
          error.message === `${name} is ${value}; allowed is an integer from ${min} to ${max}`,
      );
    }
    for (const value of [min, max]) {
      completeHttpOptions({ headersTimeoutMs: 100, receiveTimeoutMs: 3_600_000, [name]: value });
    }
  }
  assert.throws(
    () => completeHttpOptions({ headersTimeoutMs: 2_000, receiveTimeoutMs: 1_000 }),
    /headersTimeoutMs is 2000; allowed is at most receiveTimeoutMs, 1000/,
  );
});

test('a taken port is told with its number and option', async (t) => {
  const first = await startTestFace(t);
  const second = new TestFace({ port: first.port });
  await assert.rejects(second.start(), (error) => {
    assert.ok(error instanceof KvorumError);
    assert.equal(error.details.field, 'port');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${first.port} is taken`));
    return true;
  });
  await second.face.close();
  const elsewhere = new TestFace({ host: '192.0.2.1' });
  await assert.rejects(elsewhere.start(), /can't listen on 192\.0\.2\.1/);
});

test('pipelined requests are answered in order', async (t) => {
  const face = await startTestFace(t);
  const put = (key: string, value: string) =>
    `PUT /kv/${key} HTTP/1.1\r\nHost: x\r\nContent-Length: ${value.length}\r\n\r\n${value}`;
  const get = (key: string, more = '') => `GET /kv/${key} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const answer = await face.raw(
    put('a', '1') + get('a') + put('a', '22') + get('a') + get('none', 'Connection: close\r\n'),
  );
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
  assert.deepEqual(statuses, ['200', '200', '200', '200', '404']);
  assert.ok(answer.indexOf('\r\n\r\n1HTTP') < answer.indexOf('\r\n\r\n22HTTP'));
});

test('S9: more than 256 pipelined requests behind a waiting one end the connection', async (t) => {
  const face = await startTestFace(t);
  const gate = hold();
  let reads = 0;
  face.kv.gate = () => {
    reads += 1;
    return gate.promise;
  };
  const get = 'GET /kv/a HTTP/1.1\r\nHost: x\r\n\r\n';
  const taken = await face.open();
  const answers = readUntil(taken, (text) => text.split('HTTP/1.1 404').length === pipelinedRequestsMax + 2);
  taken.write(get.repeat(pipelinedRequestsMax + 1));
  await until(() => reads === 1);
  assert.equal(await face.raw(get.repeat(pipelinedRequestsMax + 2)), '');
  assert.equal(reads, 2, 'one read of each connection runs, the others wait their turn');
  gate.release();
  await answers;
  taken.destroy();
  await until(() => face.metrics.http.openRequests === 0);
});

test('a value in many small chunks, with extensions and trailers, is put together', async (t) => {
  const face = await startTestFace(t);
  const head = 'PUT /kv/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  const answer = await face.raw(`${head}3;x=y\r\nabc\r\n1\r\nd\r\n2\r\nef\r\n0\r\nT: v\r\n\r\n`);
  assert.match(answer, /^HTTP\/1.1 200 /);
  assert.equal((await face.call('GET', '/kv/c')).text, 'abcdef');
});

test('a client that leaves in mid-body has written nothing', async (t) => {
  const face = await startTestFace(t);
  const socket = await face.open();
  socket.write('PUT /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
  await until(() => face.metrics.http.openRequests === 1);
  socket.destroy();
  await until(() => face.metrics.http.openRequests === 0);
  assert.equal(face.kv.revision, 1);
  assert.equal(face.metrics.http.routes.put.answers[0], 1);
});

test('a client that leaves while its request waits is counted and forgotten', async (t) => {
  const face = await startTestFace(t);
  const gate = hold();
  face.kv.gate = () => gate.promise;
  const socket = await face.open();
  socket.write('GET /kv/a HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => face.metrics.http.openRequests === 1);
  socket.destroy();
  await until(() => face.metrics.http.openRequests === 0);
  gate.release();
  await until(() => face.metrics.http.openConnections === 0);
  assert.deepEqual(face.logged, []);
});

test('S9: one connection more than connectionsMax is closed at once, and another fits when one left', async (t) => {
  const face = await startTestFace(t, { connectionsMax: 2 });
  const first = await face.open();
  const second = await face.open();
  await until(() => face.metrics.http.openConnections === 2);
  const third = await face.open();
  await closed(third);
  assert.equal(face.metrics.http.refusedConnections, 1);
  const leaving = closed(first);
  first.destroy();
  await leaving;
  await until(() => face.metrics.http.openConnections === 1);
  assert.equal((await face.call('GET', '/livez')).status, 200);
  second.destroy();
});

test('S10: a header or a body that arrives too slowly ends with 408', async (t) => {
  const face = await startTestFace(t, { headersTimeoutMs: 100, receiveTimeoutMs: 100 });
  const slowHeader = await face.raw('GET /kv/a HTTP/1.1\r\nHost:');
  assert.match(slowHeader, /^HTTP\/1.1 408 [\s\S]*REQUEST_TOO_SLOW/);
  const slowBody = await face.raw('PUT /kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab');
  assert.match(slowBody, /^HTTP\/1.1 408 [\s\S]*REQUEST_TOO_SLOW/);
  assert.equal(face.kv.revision, 1);
});

test('S10: broken bytes behind a waiting request are never taken for its answer', async (t) => {
  const face = await startTestFace(t);
  const gate = hold();
  face.kv.gate = () => gate.promise;
  const answer = await face.raw('GET /kv/a HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  assert.equal(answer, '');
  gate.release();
});

test('a reset connection harms nobody', async (t) => {
  const face = await startTestFace(t);
  for (let count = 0; count < 20; count += 1) {
    const socket = await face.open();
    socket.write('GET /kv/a HTTP/1.1\r\nHost: x\r\n\r\nGET /kv/');
    socket.resetAndDestroy();
  }
  await until(() => face.metrics.http.openConnections === 0);
  assert.equal((await face.call('GET', '/livez')).status, 200);
});

test('close finishes running requests, closes idle connections, and takes no new one', async () => {
  const face = new TestFace({});
  await face.start();
  const gate = hold();
  face.kv.gate = () => gate.promise;
  const idle = await face.open();
  const idleClosed = closed(idle);
  const running = face.call('PUT', '/kv/a', { body: 'v' });
  await until(() => face.metrics.http.openRequests === 1);
  const closing = face.face.close();
  assert.equal(face.face.close(), closing, 'close is idempotent');
  await assert.rejects(face.call('GET', '/livez'), /ECONNREFUSED/);
  gate.release();
  const answer = await running;
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.connection, 'close');
  await closing;
  await idleClosed;
  await until(() => face.metrics.http.openConnections === 0);
});

test('close destroys what still runs after the drain time', async () => {
  const face = new TestFace({ drainTimeoutMs: 20 });
  await face.start();
  const gate = hold();
  face.kv.gate = () => gate.promise;
  const socket = await face.open();
  const answer = readToEnd(socket);
  socket.write('GET /kv/a HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => face.metrics.http.openRequests === 1);
  await face.face.close();
  assert.equal(await answer, '');
  gate.release();
});

test('requests are counted by route and status class, with their time', async (t) => {
  const face = await startTestFace(t);
  await face.call('PUT', '/kv/a', { body: 'v' });
  await face.call('GET', '/kv/a');
  await face.call('GET', '/kv/b');
  await face.call('GET', '/nowhere');
  const { routes } = face.metrics.http;
  await until(() => face.metrics.http.openRequests === 0);
  assert.equal(routes.put.answers[2], 1);
  assert.deepEqual([routes.get.answers[2], routes.get.answers[4]], [1, 1]);
  assert.equal(routes.other.answers[4], 1);
  assert.equal(
    routes.get.latencyMs.counts.reduce((sum, count) => sum + count, 0),
    2,
  );
});

test('a keep-alive connection serves many requests', async (t) => {
  const face = await startTestFace(t);
  const socket = await face.open();
  for (let count = 0; count < 100; count += 1) {
    const answer = readUntil(socket, (text) => text.endsWith('ok\n'));
    socket.write(Buffer.from('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'));
    assert.match(await answer, /^HTTP\/1.1 200 /);
  }
  assert.equal(face.metrics.http.openConnections, 1);
  socket.destroy();
});
