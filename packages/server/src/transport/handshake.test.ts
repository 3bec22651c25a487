import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameType } from './frame.js';
import { Handshake, type HandshakeOutput, type HandshakeRole } from './handshake.js';
import {
  decodeHello,
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  type Hello,
  type Refusal,
} from './handshake-codec.js';
import { CLUSTER, identityOf, incarnationOf } from './testing/rig.js';
import type { Identity } from './transport.js';
import { ProtocolError } from './wire.js';

const DIALER: HandshakeRole = { kind: 'dialer', expectedNodeId: 2, purpose: 'peer' };
const ACCEPTOR: HandshakeRole = { kind: 'acceptor' };

function helloOf(identity: Identity, changes: Partial<Hello> = {}): Hello {
  return { ...identity, protocolMin: 1, protocolMax: 1, purpose: 'peer', ...changes };
}

interface Setup {
  readonly role?: HandshakeRole;
  readonly own?: Identity;
  readonly known?: string | 'unknownNode';
  readonly admit?: Refusal;
}

function start({ role = ACCEPTOR, own = identityOf(role.kind === 'dialer' ? 1 : 2), known, admit }: Setup = {}) {
  return new Handshake({ identity: own, lookup: () => known, admit: () => admit }, role);
}

/** Outputs without their bytes. */
function kinds(outputs: readonly HandshakeOutput[]): string[] {
  return outputs.map((output) => (output.kind === 'send' ? `send ${output.type}` : output.kind));
}

test('R5: a dialer is established when it has synced the peer and the peer has synced it, in any order', () => {
  for (const isWelcomeFirst of [true, false]) {
    const handshake = start({ role: DIALER });
    assert.deepEqual(kinds(handshake.start()), ['send 1']);
    const registering = handshake.onFrame(FrameType.hello, encodeHello(helloOf(identityOf(2))));
    assert.deepEqual(registering, [{ kind: 'register', nodeId: 2, incarnation: incarnationOf(2) }]);
    const last = [() => handshake.onFrame(FrameType.welcome, encodeWelcome(1)), () => handshake.onRegistered()];
    if (!isWelcomeFirst) last.reverse();
    const outputs = last.flatMap((step) => step());
    assert.deepEqual(outputs.at(-1), { kind: 'established', peer: helloOf(identityOf(2)), protocol: 1 });
    assert.equal(kinds(outputs).filter((kind) => kind === 'send 2').length, 1);
  }
});

test('an acceptor says nothing before it has checked the dialer, then its hello, and its welcome only after the sync', () => {
  const handshake = start();
  assert.deepEqual(handshake.start(), []);
  const outputs = handshake.onFrame(FrameType.hello, encodeHello(helloOf(identityOf(1))));
  assert.deepEqual(kinds(outputs), ['send 1', 'register']);
  assert.deepEqual(kinds(handshake.onRegistered()), ['send 2']);
  assert.deepEqual(kinds(handshake.onFrame(FrameType.welcome, encodeWelcome(1))), ['established']);
});

const REFUSALS: readonly (Setup & { readonly hello: Hello; readonly reason: string; readonly says: RegExp })[] = [
  {
    hello: helloOf(identityOf(1), { protocolMin: 3, protocolMax: 5 }),
    reason: 'protocolVersion',
    says: /node 1 speaks peer protocol versions 3 to 5, node 2 speaks versions 1 to 2: upgrade/,
  },
  {
    hello: helloOf(identityOf(1), { clusterId: 'ffffffffffffffff' }),
    reason: 'otherCluster',
    says: new RegExp(`node 1 belongs to cluster ffffffffffffffff, node 2 to cluster ${CLUSTER}`),
  },
  {
    hello: helloOf(identityOf(1), { epoch: 2 }),
    reason: 'otherEpoch',
    says: /node 1 is at epoch 2 .* node 2 at epoch 1/,
  },
  { hello: helloOf(identityOf(2)), reason: 'sameNodeId', says: /two nodes have the id 2/ },
  {
    hello: helloOf(identityOf(9)),
    known: 'unknownNode',
    reason: 'unknownNode',
    says: /node 9 is not among the peers of node 2/,
  },
  {
    role: DIALER,
    hello: helloOf(identityOf(3)),
    reason: 'wrongNode',
    says: /node 1 dialed node 2 and reached node 3/,
  },
  {
    hello: helloOf(identityOf(1, 2)),
    known: incarnationOf(1),
    reason: 'incarnation',
    says: /node 1 is registered at node 2 with .* 0000000100000001 but presents 0000000200000001: its data directory was wiped/,
  },
  {
    role: DIALER,
    hello: helloOf(identityOf(2, 2)),
    known: incarnationOf(2),
    reason: 'incarnation',
    says: /node 2 is registered at node 1/,
  },
  { hello: helloOf(identityOf(1)), admit: { reason: 'busy', message: 'full' }, reason: 'busy', says: /full/ },
];

test('R5: each refusal has a reason and says what is wrong, to both sides', () => {
  for (const { hello, reason, says, ...setup } of REFUSALS) {
    const handshake = start(setup);
    handshake.start();
    const outputs = handshake.onFrame(FrameType.hello, encodeHello(hello));
    assert.deepEqual(kinds(outputs), ['send 3', 'refuse'], reason);
    const [sent, refuse] = outputs;
    assert.ok(sent?.kind === 'send' && refuse?.kind === 'refuse');
    assert.equal(refuse.refusal.reason, reason);
    assert.match(refuse.refusal.message, says);
    assert.deepEqual(decodeRefusal(sent.body), refuse.refusal);
    const other = start({ role: DIALER });
    assert.deepEqual(other.onFrame(FrameType.refusal, sent.body), [
      { kind: 'refused', nodeId: 2, refusal: refuse.refusal },
    ]);
  }
});

test('S1: what is out of order or damaged ends the handshake with a ProtocolError', () => {
  const hello = encodeHello(helloOf(identityOf(1)));
  const cases: readonly (() => unknown)[] = [
    () => start().onFrame(FrameType.batch, new Uint8Array(0)),
    () => start().onFrame(FrameType.welcome, encodeWelcome(1)),
    () => start().onFrame(FrameType.hello, new Uint8Array(0)),
    () => {
      const handshake = start();
      handshake.onFrame(FrameType.hello, hello);
      handshake.onFrame(FrameType.hello, hello);
    },
    () => {
      const handshake = start();
      handshake.onFrame(FrameType.hello, hello);
      handshake.onFrame(FrameType.welcome, encodeWelcome(2));
    },
    () => {
      const handshake = start({ known: 'unknownNode' });
      handshake.onFrame(FrameType.hello, hello);
      handshake.onFrame(FrameType.welcome, encodeWelcome(1));
    },
    () =>
      start({ role: DIALER }).onFrame(FrameType.hello, encodeHello(helloOf(identityOf(2), { purpose: 'snapshot' }))),
  ];
  for (const [n, run] of cases.entries()) assert.throws(run, ProtocolError, `case ${n}`);
});

test('a hello has a fixed layout, and a longer one of a later version is read', () => {
  const bytes = encodeHello(helloOf(identityOf(1), { clientAddress: 'a:1', zone: 'z', version: '1.0' }));
  const expected = [
    Buffer.from('KVRM').toString('hex'),
    '01000100' + '01' + CLUSTER,
    '0100000000000000' + '0100000000000000' + incarnationOf(1),
    '0300' + '613a31',
    '0100' + '7a',
    '0300' + '312e30',
  ].join('');
  assert.equal(Buffer.from(bytes).toString('hex'), expected);
  assert.equal(decodeHello(Buffer.concat([bytes, Buffer.from('later')])).version, '1.0');
});

test('a hello of an earlier version, without zone and version, is read', () => {
  const bytes = encodeHello(helloOf(identityOf(1), { clientAddress: 'a:1', zone: 'z', version: '1.0' }));
  const { clientAddress, zone, version } = decodeHello(bytes.subarray(0, bytes.length - 8));
  assert.deepEqual([clientAddress, zone, version], ['a:1', '', '']);
  assert.throws(() => decodeHello(encodeHello(helloOf(identityOf(1), { zone: 'z'.repeat(65) }))), ProtocolError);
});

test('a refusal of a later version is readable, and its text clean', () => {
  const bytes = encodeRefusal({ reason: 'busy', message: 'a\n\u001b[31mb' });
  bytes[0] = 200;
  assert.deepEqual(decodeRefusal(bytes), { reason: 'other', message: 'a  [31mb' });
  const long = encodeRefusal({ reason: 'busy', message: 'é'.repeat(3000) });
  assert.ok(decodeRefusal(long).message.length <= 2048);
});

test('S1: noise and changed bytes never crash the decoders of the handshake', () => {
  const survives = (read: () => unknown) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  };
  const whole = encodeHello(helloOf(identityOf(1)));
  for (let at = 0; at < whole.length; at += 1) {
    survives(() => decodeHello(whole.subarray(0, at)));
    for (const change of [1, 0x80, 0xff]) {
      const bad = whole.slice();
      bad[at] = (bad[at] ?? 0) ^ change;
      survives(() => decodeHello(bad));
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      survives(() => decodeHello(noise));
      survives(() => decodeWelcome(noise));
      survives(() => decodeRefusal(noise));
    }),
  );
});
