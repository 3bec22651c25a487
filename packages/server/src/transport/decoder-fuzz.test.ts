import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '@kvorum/core/raft/message.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import fc from 'fast-check';
import { FRAME_HEADER_BYTES, FrameType } from './frame.js';
import { PROTOCOL_MAX } from './handshake-codec.js';
import { PeerConnection } from './peer-connection.js';
import { encodeSnapshotChunk, encodeSnapshotHeader, encodeSnapshotTrailer } from './snapshot-frames.js';
import { SnapshotStreamReceiver } from './snapshot-stream-receiver.js';
import { incarnationOf, RecordingHandler, sampleComparison } from './testing/rig.js';
import { ProtocolError } from './wire.js';

/** One end of a connection without a socket: frames that it sends are collected, frames for it are handed in. */
function makeEnd(ownId: number, peerId: number) {
  const frames: Uint8Array[] = [];
  const handler = new RecordingHandler();
  const link = {
    write: (frame: Uint8Array) => frames.push(frame.slice()) > 0,
    queuedBytes: 0,
    isClosing: false,
    destroy: () => {},
  };
  const pair = {
    ownId,
    ownIncarnation: incarnationOf(ownId),
    peerId,
    peerIncarnation: incarnationOf(peerId),
    protocol: PROTOCOL_MAX,
  };
  const deps = { link, handler, isFormed: () => true, onClosed: () => {} };
  return { frames, handler, connection: new PeerConnection(deps, pair, 1 << 20) };
}

/** The body of one batch frame with every kind of record. */
function sampleBatch(): Uint8Array {
  const { connection, frames } = makeEnd(1, 2);
  const append = newMessage('MsgApp', 2, 1);
  append.entries = [
    { term: 1, index: 1, type: 'normal', data: Uint8Array.of(1, 2, 3) },
    { term: 1, index: 2, type: 'confChangeV2', data: new Uint8Array(0) },
  ];
  assert.ok(connection.send(0, append));
  assert.ok(connection.send(1, newMessage('MsgVote', 2, 1)));
  assert.ok(connection.send(2, newMessage('MsgHeartbeat', 2, 1)));
  assert.ok(connection.send(3, newMessage('MsgHeartbeatResp', 2, 1)));
  assert.ok(connection.forward(4, 5, [Uint8Array.of(1), Uint8Array.of(2)]));
  connection.answer(5, 6, { kind: 'accepted', index: 1, term: 1, offset: 0 });
  connection.answer(5, 7, { kind: 'refused', reason: 'stopping' });
  connection.compare(6, sampleComparison);
  const proof = { echoRun: 1, echoMs: 2, ageMs: 3, commit: 4 };
  connection.tellFreshness(7, { kind: 'round', term: 1, roundMs: 5, proof });
  connection.tellFreshness(7, { kind: 'answer', term: 1, roundMs: 5, run: 6, sentMs: 7 });
  connection.flush();
  const [frame] = frames;
  assert.ok(frame !== undefined && frames.length === 1);
  return frame.subarray(FRAME_HEADER_BYTES);
}

function survives(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return false;
  }
}

test('S1: a batch with any byte changed, cut or added ends in records or a ProtocolError', () => {
  const batch = sampleBatch();
  assert.ok(survives(() => makeEnd(2, 1).connection.onFrame(FrameType.batch, batch)));
  for (let at = 0; at < batch.length; at += 1) {
    survives(() => makeEnd(2, 1).connection.onFrame(FrameType.batch, batch.subarray(0, at)));
    for (const change of [0x01, 0x10, 0x80, 0xff]) {
      const bad = batch.slice();
      bad[at] = (bad[at] ?? 0) ^ change;
      survives(() => makeEnd(2, 1).connection.onFrame(FrameType.batch, bad));
    }
  }
  const longer = Buffer.concat([batch, Uint8Array.of(0)]);
  assert.equal(
    survives(() => makeEnd(2, 1).connection.onFrame(FrameType.batch, longer)),
    false,
  );
});

test('S1: noise as a batch ends in a ProtocolError', () => {
  const { connection } = makeEnd(2, 1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 0, max: 7 }), (noise, kind) => {
      survives(() => connection.onFrame(FrameType.batch, noise));
      const record = Uint8Array.from([noise.length, 0, 0, 0, kind, ...noise]);
      survives(() => connection.onFrame(FrameType.batch, record));
    }),
    { numRuns: 2000 },
  );
});

test('R5: a vote counts only with the incarnation of the handshake', () => {
  const sender = makeEnd(1, 2);
  sender.connection.send(1, newMessage('MsgVoteResp', 2, 1));
  sender.connection.flush();
  const body = sender.frames[0]?.subarray(FRAME_HEADER_BYTES);
  assert.ok(body !== undefined);
  const receiver = makeEnd(2, 1);
  receiver.connection.onFrame(FrameType.batch, body);
  assert.equal(receiver.handler.messages.length, 1);
  body[5] = 99;
  assert.throws(() => receiver.connection.onFrame(FrameType.batch, body), /another incarnation/);
});

test('nobody speaks for another node, but in asking for a transfer of leadership', () => {
  const cases = [
    { message: newMessage('MsgApp', 2, 3), isDelivered: false },
    { message: newMessage('MsgApp', 3, 1), isDelivered: false },
    { message: newMessage('MsgTransferLeader', 2, 3), isDelivered: true },
    { message: newMessage('MsgSnap', 2, 1), isDelivered: false },
    { message: newMessage('MsgHeartbeat', 2, 3), isDelivered: false },
  ];
  for (const { message, isDelivered } of cases) {
    const sender = makeEnd(1, 2);
    sender.connection.send(1, message);
    sender.connection.flush();
    const body = sender.frames[0]?.subarray(FRAME_HEADER_BYTES) ?? new Uint8Array(0);
    const receiver = makeEnd(2, 1);
    assert.equal(
      survives(() => receiver.connection.onFrame(FrameType.batch, body)),
      isDelivered,
      message.type,
    );
    assert.equal(receiver.handler.messages.length, isDelivered ? 1 : 0);
  }
});

test('S1, R15: a snapshot with any byte changed in any frame ends in a ProtocolError or is read as it came', async () => {
  const message = newMessage('MsgSnap', 2, 1);
  message.snapshot = { index: 9, term: 3, confState: confStateOf([1, 2]), data: new Uint8Array(0) };
  const frames = [
    encodeSnapshotHeader(7, message),
    encodeSnapshotChunk(0, Uint8Array.of(1, 2, 3)),
    encodeSnapshotTrailer({ chunks: 1, bytes: 3, crc: 0x55bc801d }),
  ];
  const receive = (parts: readonly Uint8Array[]) => {
    const handler = new RecordingHandler();
    const link = { write: () => true, end: () => {}, setPaused: () => {} };
    const receiver = new SnapshotStreamReceiver({
      link,
      ownId: 2,
      peerId: 1,
      handler,
      onInstallFailed: () => {},
      onDone: () => {},
    });
    return survives(() => {
      for (const part of parts) receiver.onFrame(part[FRAME_HEADER_BYTES - 1] ?? 0, part.subarray(FRAME_HEADER_BYTES));
    });
  };
  assert.ok(receive(frames));
  for (const [n, frame] of frames.entries()) {
    for (let at = FRAME_HEADER_BYTES - 1; at < frame.length; at += 1) {
      const bad = frame.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x21;
      const isTaken = receive(frames.map((good, other) => (other === n ? bad : good)));
      // A header that says something else is still a header; content is covered by the trailer.
      assert.ok(n === 0 || !isTaken, `frame ${n} byte ${at}`);
    }
    assert.equal(receive([...frames.slice(0, n), ...frames.slice(n + 1)]), n === 2);
  }
  assert.equal(receive([...frames, ...frames]), false);
});
