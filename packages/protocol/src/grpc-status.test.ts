import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorTable, KvorumError } from './errors.js';
import { errorFromGrpc, grpcStatus } from './grpc-status.js';
import { decodeErrorDetail } from './kvorum/v1/error.js';
import { schema } from './testing/schema.js';

const codes = Object.keys(errorTable) as ErrorCode[];

test('every public error comes back from its gRPC status as it was', () => {
  for (const code of codes) {
    for (const details of [
      { mayHaveHappened: false },
      { mayHaveHappened: true, leader: '127.0.0.1:2379' },
      { mayHaveHappened: false, field: 'key', allowed: '1 to 65,536 bytes', currentRevision: 12, compactRevision: 3 },
    ]) {
      const error = new KvorumError(code, 'what happened', details);
      const status = grpcStatus(error);
      const again = errorFromGrpc(status.code, status.message, status.details);
      const shown = code === 'CONDITION_FAILED' ? { currentRevision: 0, ...details } : details;
      assert.deepEqual([again.code, again.message, again.details], [code, 'what happened', shown]);
      assert.equal(again.retryable, error.retryable);
    }
  }
});

test('a condition that failed at an absent key tells revision 0', () => {
  const status = grpcStatus(new KvorumError('CONDITION_FAILED', 'no', { currentRevision: 0, mayHaveHappened: false }));
  assert.equal(status.code, 9);
  assert.equal(errorFromGrpc(status.code, status.message, status.details).details.currentRevision, 0);
});

test('R20: messages of UNAVAILABLE and DEADLINE_EXCEEDED tell ambiguous failures from definite ones', () => {
  for (const code of codes) {
    const hasSuffix = errorTable[code].grpc === 14 || errorTable[code].grpc === 4;
    const message = (mayHaveHappened?: boolean) => grpcStatus(new KvorumError(code, 'm', { mayHaveHappened })).message;
    assert.equal(message(true), hasSuffix ? 'm (unknown)' : 'm');
    assert.equal(message(false), hasSuffix ? 'm (not_sent)' : 'm');
    assert.equal(message(), hasSuffix ? 'm (not_sent)' : 'm');
  }
});

test('R20: a status without our detail leaves the outcome unknown', () => {
  for (const details of [undefined, Uint8Array.of(0xff), new Uint8Array()]) {
    const error = errorFromGrpc(14, 'the connection was lost', details);
    assert.deepEqual([error.code, error.details.mayHaveHappened], ['UNAVAILABLE', true]);
    assert.equal(errorFromGrpc(2, 'unknown', details).code, 'INTERNAL');
  }
});

test('the detail is a google.rpc.Status that other libraries read', () => {
  const { details } = grpcStatus(new KvorumError('INVALID_ARGUMENT', 'the key is empty', { field: 'key' }));
  const status = schema
    .lookupType('google.rpc.Status')
    .toObject(schema.lookupType('google.rpc.Status').decode(details));
  assert.deepEqual([status['code'], status['message']], [3, 'the key is empty']);
  const [any] = status['details'];
  assert.equal(any.typeUrl, 'type.googleapis.com/kvorum.v1.ErrorDetail');
  assert.equal(decodeErrorDetail(any.value).field, 'key');
});
