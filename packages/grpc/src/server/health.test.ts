import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GrpcError, Status } from '../grpc/status.js';
import {
  HealthService,
  healthRequestCodec,
  healthResponseCodec,
  healthServiceName,
  ServingStatus,
  watchedNameLengthMax,
} from './health.js';
import { readFields } from './protobuf.js';
import { fakeCall } from './testing/fake-call.js';

function check(health: HealthService, service: string): unknown {
  const method = health.table.get(`/${healthServiceName}/Check`);
  assert.ok(method?.kind === 'unary');
  return method.handle(service, fakeCall('/'));
}

function watch(health: HealthService, service: string): AsyncIterator<unknown> {
  const method = health.table.get(`/${healthServiceName}/Watch`);
  assert.ok(method?.kind === 'serverStream');
  const messages = method.handle(service, fakeCall('/'));
  assert.ok(Symbol.asyncIterator in messages);
  return messages[Symbol.asyncIterator]();
}

test('Check answers at once; a service nobody has set is NOT_FOUND', () => {
  const health = new HealthService();
  assert.equal(check(health, ''), ServingStatus.SERVING);
  assert.throws(() => check(health, 'a.B'), { code: Status.NOT_FOUND });
  health.setStatus('a.B', ServingStatus.NOT_SERVING);
  assert.equal(check(health, 'a.B'), ServingStatus.NOT_SERVING);
});

test('Watch tells the status, then each change, the newest only to who reads late', async () => {
  const health = new HealthService();
  const watcher = watch(health, 'a.B');
  assert.deepEqual(await watcher.next(), { done: false, value: ServingStatus.SERVICE_UNKNOWN });
  const waiting = watcher.next();
  health.setStatus('a.B', ServingStatus.SERVING);
  assert.deepEqual(await waiting, { done: false, value: ServingStatus.SERVING });
  health.setStatus('a.B', ServingStatus.NOT_SERVING);
  health.setStatus('a.B', ServingStatus.SERVING);
  health.setStatus('a.B', ServingStatus.NOT_SERVING);
  assert.deepEqual(await watcher.next(), { done: false, value: ServingStatus.NOT_SERVING });
  const last = watcher.next();
  assert.equal(health.watches, 1);
  await watcher.return?.();
  assert.deepEqual(await last, { done: true, value: undefined }, 'a watcher that waits is let go');
  assert.equal(health.watches, 0);
});

test('a server that shuts down tells watchers, ends their watches and stays NOT_SERVING', async () => {
  const health = new HealthService();
  health.setStatus('a.B', ServingStatus.NOT_SERVING);
  const [waits, reads, knows, unknown] = ['', '', 'a.B', 'c.D'].map((service) => watch(health, service));
  assert.ok(waits && reads && knows && unknown);
  for (const watcher of [waits, reads, knows, unknown]) await watcher.next();
  const waiting = waits.next();
  health.shutDown();
  health.setStatus('', ServingStatus.SERVING);
  const told = { done: false, value: ServingStatus.NOT_SERVING };
  assert.deepEqual(await waiting, told);
  assert.deepEqual(await reads.next(), told);
  const late = watch(health, '');
  assert.deepEqual(await late.next(), told);
  for (const watcher of [waits, reads, knows, unknown, late]) {
    assert.deepEqual(await watcher.next(), { done: true, value: undefined });
  }
  assert.equal(health.watches, 0);
  assert.equal(check(health, ''), ServingStatus.NOT_SERVING);
});

test('the messages have the bytes of health.proto', () => {
  assert.deepEqual(Buffer.from(healthRequestCodec.encode('a.B')).toString('hex'), '0a03612e42');
  assert.equal(healthRequestCodec.decode(healthRequestCodec.encode('ü')), 'ü');
  assert.equal(healthRequestCodec.decode(new Uint8Array(0)), '');
  assert.deepEqual(Uint8Array.from(healthResponseCodec.encode(ServingStatus.SERVING)), Uint8Array.of(8, 1));
  for (const status of Object.values(ServingStatus)) {
    assert.equal(healthResponseCodec.decode(healthResponseCodec.encode(status)), status);
  }
});

test('S1: random bytes are a message or INTERNAL', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        for (const field of readFields(bytes)) assert.ok(field.number > 0);
      } catch (error) {
        assert.ok(error instanceof GrpcError && error.code === Status.INTERNAL);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('S9: the name of a watched service at n and n+1 characters', async () => {
  const health = new HealthService();
  const watcher = watch(health, 'x'.repeat(watchedNameLengthMax));
  assert.deepEqual(await watcher.next(), { done: false, value: ServingStatus.SERVICE_UNKNOWN });
  assert.throws(() => watch(health, 'x'.repeat(watchedNameLengthMax + 1)), { code: Status.INVALID_ARGUMENT });
  assert.equal(health.watches, 1);
});
