import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/testing/manual-clock.js';
import { FrameType } from './frame.js';
import type { Http2Connection } from './http2-connection.js';
import type { Http2Limits } from './http2-options.js';
import { Call, ClientHandler, REQUEST } from './testing/echo.js';
import { frame, RawPeer, u32 } from './testing/raw-peer.js';

/** A client whose peer gives its streams no window. */
function asClient(limits: Partial<Http2Limits>) {
  const clock = new ManualClock();
  const peer = new RawPeer(clock, 'client', new ClientHandler(), limits).begin();
  peer.send(frame(FrameType.settings, 0, 0, [0, 4, ...u32(0)]));
  return { clock, peer, client: peer.connection };
}

/** Streams that count how often they were told to go on. */
function openWaiting(
  client: Http2Connection,
  count: number,
): { readonly id: number; readonly call: Call; told: number }[] {
  return Array.from({ length: count }, (_, at) => {
    const waiting = { id: 1 + 2 * at, call: new Call(), told: 0 };
    waiting.call.onWritable = () => {
      waiting.told += 1;
    };
    waiting.call.stream = client.openStream(REQUEST, false, waiting.call);
    return waiting;
  });
}

test('R12: a stream that has sent all of its own goes on, though others keep the connection above its mark', () => {
  const { peer, client, clock } = asClient({ connectionSendBytesHigh: 1000 });
  const [large, small] = openWaiting(client, 2);
  assert.ok(large && small);
  large.call.stream?.sendData(new Uint8Array(50_000), false);
  for (let round = 1; round <= 3; round += 1) {
    assert.equal(small.call.stream?.sendData(new Uint8Array(10), false), false);
    clock.settle();
    assert.equal(small.told, round - 1, 'not while its own data waits');
    peer.send(frame(FrameType.windowUpdate, 0, small.id, u32(10)));
    clock.settle();
    assert.deepEqual([small.told, large.told], [round, 0]);
  }
});

test('near the limit of a connection streams go on one after the other', () => {
  const { peer, client, clock } = asClient({ connectionSendBytesHigh: 1000, connectionSendBytesMax: 60_000 });
  const [large, ...others] = openWaiting(client, 4);
  assert.ok(large);
  large.call.stream?.sendData(new Uint8Array(50_000), false);
  for (const { call } of others) assert.equal(call.stream?.sendData(new Uint8Array(10), false), false);
  peer.send(...others.map(({ id }) => frame(FrameType.windowUpdate, 0, id, u32(10))));
  const told = (): number[] => others.map((each) => each.told);
  assert.deepEqual(told(), [1, 0, 0]);
  for (const wanted of [
    [1, 1, 0],
    [1, 1, 1],
  ]) {
    peer.send(frame(FrameType.windowUpdate, 0, large.id, u32(10)));
    clock.settle();
    assert.deepEqual(told(), wanted);
  }
});
