import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '@kvorum/core/raft/entry.js';
import { type Message, newMessage, PEER_MESSAGE_TYPES } from '@kvorum/core/raft/message.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import fc from 'fast-check';
import {
  HEARTBEAT_BYTES,
  isPlainHeartbeat,
  messageBytes,
  readHeartbeat,
  readMessage,
  writeHeartbeat,
  writeMessage,
} from './message-codec.js';
import { ANSWER_BYTES, forwardBytes, readAnswer, readForward, writeAnswer, writeForward } from './records.js';
import type { ForwardAnswer } from './transport.js';
import { ByteReader, ProtocolError } from './wire.js';

function encode(shard: number, message: Message): Uint8Array {
  const bytes = new Uint8Array(messageBytes(message));
  assert.equal(writeMessage(bytes, 0, shard, message), bytes.length);
  return bytes;
}

function decode(bytes: Uint8Array): { shard: number; message: Message } {
  const reader = new ByteReader(bytes);
  const shard = reader.u32();
  const message = readMessage(reader);
  reader.expectEnd();
  return { shard, message };
}

const u53 = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 40 });
const nodes = fc.array(u53, { maxLength: 3 });
const snapshots = fc.record(
  {
    index: u53,
    term: u53,
    data: bytes,
    confState: fc.record(
      { voters: nodes, votersOutgoing: nodes, learners: nodes, learnersNext: nodes, autoLeave: fc.boolean() },
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
);
const messages: fc.Arbitrary<Message> = fc
  .record({
    type: fc.constantFrom(...PEER_MESSAGE_TYPES),
    from: u53,
    to: u53,
    term: u53,
    logTerm: u53,
    index: fc.nat(),
    commit: u53,
    rejectHint: u53,
    context: u53,
    readToken: u53,
    reject: fc.boolean(),
    isTransfer: fc.boolean(),
    snapshot: fc.option(snapshots),
    entries: fc.array(
      fc.record({
        term: u53,
        type: fc.constantFrom<Entry['type']>('normal', 'confChange', 'confChangeV2'),
        data: bytes,
      }),
      { maxLength: 4 },
    ),
  })
  .map((fields) => ({
    ...newMessage(fields.type, 0),
    ...fields,
    entries: fields.entries.map((entry, n) => ({ ...entry, index: fields.index + 1 + n })),
  }));

test('a message has a fixed layout', () => {
  const message = newMessage('MsgApp', 2, 1);
  message.term = 3;
  message.logTerm = 4;
  message.index = 5;
  message.commit = 6;
  message.entries = [{ term: 3, index: 6, type: 'confChange', data: Uint8Array.of(0xaa, 0xbb) }];
  const u64 = (value: number) => value.toString(16).padStart(2, '0') + '00'.repeat(7);
  const expected = [
    '07000000' + '01' + '00',
    ...[1, 2, 3, 4, 5, 6, 0, 0, 0].map(u64),
    '01000000',
    u64(3) + u64(6) + '01' + '02000000' + 'aabb',
  ].join('');
  assert.equal(Buffer.from(encode(7, message)).toString('hex'), expected);
});

test('a snapshot message has a fixed layout', () => {
  const message = newMessage('MsgSnap', 2, 1);
  message.reject = true;
  message.snapshot = { index: 9, term: 8, confState: confStateOf([1, 2], [3]), data: Uint8Array.of(0xcc) };
  const u64 = (value: number) => value.toString(16).padStart(2, '0') + '00'.repeat(7);
  const expected = [
    '00000000' + '07' + '05',
    ...[1, 2, 0, 0, 0, 0, 0, 0, 0].map(u64),
    '00000000',
    u64(9) + u64(8) + '00',
    '02000000' + u64(1) + u64(2) + '00000000' + '01000000' + u64(3) + '00000000',
    '01000000' + 'cc',
  ].join('');
  assert.equal(Buffer.from(encode(0, message)).toString('hex'), expected);
});

test('every message comes out as it went in', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), messages, (shard, message) => {
      assert.deepEqual(decode(encode(shard, message)), { shard, message });
    }),
  );
});

test('the short form of a heartbeat holds all that it holds', () => {
  fc.assert(
    fc.property(fc.constantFrom('MsgHeartbeat' as const, 'MsgHeartbeatResp' as const), u53, u53, u53, (type, ...n) => {
      const message = newMessage(type, 2, 1);
      [message.term, message.commit, message.readToken] = n;
      assert.ok(isPlainHeartbeat(message));
      const body = new Uint8Array(HEARTBEAT_BYTES);
      writeHeartbeat(body, 0, 77, message);
      const reader = new ByteReader(body);
      assert.equal(reader.u32(), 77);
      assert.deepEqual(readHeartbeat(reader, type, 1, 2), message);
      reader.expectEnd();
    }),
  );
});

test('a heartbeat that says more has no short form', () => {
  for (const field of ['logTerm', 'index', 'rejectHint', 'context'] as const) {
    const message = newMessage('MsgHeartbeat', 2, 1);
    message[field] = 1;
    assert.equal(isPlainHeartbeat(message), false, field);
  }
  assert.equal(isPlainHeartbeat(newMessage('MsgApp', 2, 1)), false);
});

test('storage messages never travel', () => {
  assert.throws(() => encode(0, newMessage('MsgStorageAppend', 2, 1)), TypeError);
});

test('S1: entries with a gap are refused, since the core relies on their order', () => {
  const message = newMessage('MsgApp', 2, 1);
  message.entries = [{ term: 1, index: 2, type: 'normal', data: new Uint8Array(0) }];
  assert.throws(() => decode(encode(0, message)), ProtocolError);
});

/** Decodes whatever; anything but a value or a ProtocolError fails the test. */
function survives(body: Uint8Array, read: (reader: ByteReader) => unknown): void {
  try {
    const reader = new ByteReader(body);
    reader.u32();
    read(reader);
    reader.expectEnd();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

test('S1: messages with every byte changed or cut never crash the decoder', () => {
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 255 }), (message, change) => {
      const whole = encode(1, message);
      for (let at = 0; at < whole.length; at += 1) {
        survives(whole.subarray(0, at), readMessage);
        const bad = whole.slice();
        bad[at] = (bad[at] ?? 0) ^ change;
        survives(bad, readMessage);
      }
    }),
    { numRuns: 50 },
  );
});

test('S1: noise never crashes a decoder of records', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      survives(noise, readMessage);
      survives(noise, readForward);
      survives(noise, readAnswer);
    }),
    { numRuns: 1000 },
  );
});

test('S1: a count above what the bytes can hold is refused before anything is allocated', () => {
  const body = encode(1, newMessage('MsgProp', 2, 1));
  body.fill(0xff, body.length - 4);
  assert.throws(() => decode(body), /more entries than bytes/);
});

test('forwards and answers come out as they went in', () => {
  fc.assert(
    fc.property(u53, fc.array(bytes, { maxLength: 5 }), (requestId, commands) => {
      const body = new Uint8Array(forwardBytes(commands));
      writeForward(body, 0, 9, requestId, commands);
      const reader = new ByteReader(body);
      assert.equal(reader.u32(), 9);
      assert.deepEqual(readForward(reader), { requestId, commands });
      reader.expectEnd();
    }),
  );
  const answers: ForwardAnswer[] = [
    { kind: 'accepted', index: 2 ** 52, term: 3, offset: 999 },
    ...(['notLeader', 'overloaded', 'noSpace', 'stopping'] as const).map((reason) => ({
      kind: 'refused' as const,
      reason,
    })),
  ];
  for (const answer of answers) {
    const body = new Uint8Array(ANSWER_BYTES);
    writeAnswer(body, 0, 9, 5, answer);
    const reader = new ByteReader(body);
    reader.u32();
    assert.deepEqual(readAnswer(reader), { requestId: 5, answer });
    reader.expectEnd();
  }
});
