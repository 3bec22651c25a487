import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FreshnessMessage, freshnessBytes, readFreshness, writeFreshness } from './freshness-codec.js';
import { PROTOCOL_MAX } from './handshake-codec.js';
import { PeerConnection } from './peer-connection.js';
import { incarnationOf, RecordingHandler } from './testing/rig.js';
import { ByteReader, ProtocolError } from './wire.js';

const u64 = fc.nat(Number.MAX_SAFE_INTEGER);
const u32 = fc.nat(2 ** 32 - 1);
const proofs = fc.record({ echoRun: u32, echoMs: u64, ageMs: u64, commit: u64 }, { noNullPrototype: true });
const messages: fc.Arbitrary<FreshnessMessage> = fc.oneof(
  fc
    .tuple(u64, u64, fc.option(proofs, { nil: undefined }))
    .map(([term, roundMs, proof]): FreshnessMessage => ({ kind: 'round', term, roundMs, proof })),
  fc
    .tuple(u64, u64, u32, u64)
    .map(([term, roundMs, run, sentMs]): FreshnessMessage => ({ kind: 'answer', term, roundMs, run, sentMs })),
);

test('rounds, proofs and answers come back as they were written', () => {
  fc.assert(
    fc.property(u32, messages, (shard, message) => {
      const bytes = new Uint8Array(freshnessBytes(message));
      writeFreshness(bytes, 0, shard, message);
      const reader = new ByteReader(bytes);
      assert.equal(reader.u32(), shard);
      assert.deepEqual(readFreshness(reader), message);
      reader.expectEnd();
    }),
  );
});

test('S1: an unknown kind of freshness is a ProtocolError', () => {
  const bytes = new Uint8Array(100);
  bytes[4] = 3;
  assert.throws(() => readFreshness(new ByteReader(bytes, 4)), ProtocolError);
});

test('a peer that speaks version 1 is not told of ages: it would end the connection', () => {
  for (const protocol of [1, PROTOCOL_MAX]) {
    let writes = 0;
    const link = { write: () => (writes += 1) > 0, queuedBytes: 0, isClosing: false, destroy: () => undefined };
    const deps = { link, handler: new RecordingHandler(), isFormed: () => true, onClosed: () => undefined };
    const incarnations = { ownIncarnation: incarnationOf(1), peerIncarnation: incarnationOf(2) };
    const connection = new PeerConnection(deps, { ownId: 1, peerId: 2, ...incarnations, protocol }, 1 << 20);
    connection.tellFreshness(1, { kind: 'round', term: 1, roundMs: 1, proof: undefined });
    connection.flush();
    assert.equal(writes, protocol === 1 ? 0 : 1);
  }
});
