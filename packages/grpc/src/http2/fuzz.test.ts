import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRuntime } from '../base/runtime.js';
import { ManualClock } from '../base/testing/manual-clock.js';
import { createMemoryPair } from '../base/testing/memory-connection.js';
import { Http2Error } from './error-code.js';
import { Flag, FrameType, PREFACE } from './frame.js';
import { Http2Connection } from './http2-connection.js';
import { Call, ClientHandler, EchoHandler, REQUEST } from './testing/echo.js';
import { frame, RawPeer, u32 } from './testing/raw-peer.js';

/** A connection that ended in order, or by an error with a type. */
function assertTyped(handler: EchoHandler): void {
  if (handler.error !== undefined) assert.ok(handler.error instanceof Http2Error, String(handler.error));
}

test('S1: random bytes end in a typed error or wait for more, never in an exception', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }), fc.boolean(), (parts, begins) => {
      const clock = new ManualClock();
      const handler = new EchoHandler();
      const peer = new RawPeer(clock, 'server', handler);
      if (begins) peer.begin();
      for (const part of parts) peer.send(part);
      clock.advance(120_000);
      assertTyped(handler);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('S1: random frames end in a typed error or are answered', () => {
  const anyFrame = fc
    .record({
      type: fc.oneof(fc.nat(10), fc.nat(255)),
      flags: fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 0x20, 0x2d), fc.nat(255)),
      streamId: fc.oneof(fc.nat(9), fc.nat(2 ** 31 - 1)),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 12 }),
        fc.constantFrom(Uint8Array.of(0x82, 0x86, 0x84), Uint8Array.of(0x88)),
      ),
    })
    .map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload));
  for (const role of ['server', 'client'] as const) {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 30 }), (frames) => {
        const clock = new ManualClock();
        const handler = role === 'server' ? new EchoHandler() : new ClientHandler();
        const peer = new RawPeer(clock, role, handler).begin();
        const calls = [new Call(), new Call()];
        if (role === 'client') for (const call of calls) call.stream = peer.connection.openStream(REQUEST, false, call);
        for (const each of frames) peer.send(each);
        clock.advance(200_000);
        if (handler.error !== undefined) assert.ok(handler.error instanceof Http2Error);
        peer.end.destroy();
        clock.settle();
        assert.ok(handler.isClosed);
        if (role === 'client') assert.ok(calls.every((call) => call.isClosed));
        assert.equal(peer.connection.openStreams, 0);
      }),
      { numRuns: 500, seed: 2 },
    );
  }
});

test('S1: a valid conversation with any byte changed, or cut off anywhere', () => {
  const script = new RawPeer(new ManualClock(), 'server', new EchoHandler());
  const valid = Buffer.concat([
    frame(FrameType.settings, 0, 0, [0, 4, ...u32(100)]),
    frame(FrameType.settings, Flag.ack, 0),
    script.headers(1, REQUEST),
    frame(FrameType.data, Flag.padded, 1, [1, 5, 6, 0]),
    frame(FrameType.ping, 0, 0, new Uint8Array(8)),
    script.headers(3, [...REQUEST, 'content-length', '2']),
    frame(FrameType.windowUpdate, 0, 1, u32(50)),
    frame(FrameType.data, Flag.endStream, 3, [1, 2]),
    frame(FrameType.headers, Flag.endStream, 5, script.block(REQUEST).subarray(0, 9)),
    frame(FrameType.continuation, Flag.endHeaders, 5, script.block(REQUEST).subarray(9)),
    frame(FrameType.rstStream, 0, 1, u32(8)),
    frame(FrameType.goAway, 0, 0, new Uint8Array(8)),
  ]);
  for (let at = 0; at < valid.length; at += 1) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const clock = new ManualClock();
      const handler = new EchoHandler();
      const peer = new RawPeer(clock, 'server', handler);
      const bytes = Buffer.from(valid);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      peer.send(bytes);
      clock.advance(120_000);
      assertTyped(handler);
      peer.end.destroy();
      clock.settle();
      assert.ok(handler.isClosed);
    }
    const clock = new ManualClock();
    const handler = new EchoHandler();
    const peer = new RawPeer(clock, 'server', handler);
    peer.send(valid.subarray(0, at));
    peer.end.end();
    clock.settle();
    assert.ok(handler.isClosed, `cut at ${at}`);
  }
});

test('what is sent arrives, whatever the chunks, windows, sizes and marks', () => {
  const call = fc.record({
    parts: fc.array(fc.nat(40_000), { maxLength: 5 }),
    endsWith: fc.constantFrom('data', 'trailers', 'last'),
  });
  fc.assert(
    fc.property(
      fc.array(call, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(1, 7, 9, 100, 5000, 70_000),
      fc.constantFrom(1000, 1 << 20),
      fc.constantFrom(65_535, 100_000),
      fc.nat(3),
      (calls, chunkBytes, highWaterBytes, windowBytes, delayMs) => {
        const clock = new ManualClock();
        const total = calls.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part, 0);
        // Few enough chunks that all of them take less than the time limits.
        const leastBytes = Math.ceil(total / 300);
        const chunk = (waiting: number): number => Math.min(waiting, Math.max(chunkBytes, leastBytes));
        const [a, b] = createMemoryPair(clock, { chunk, highWaterBytes, delayMs });
        const runtime = createRuntime(clock);
        const limits = {
          streamWindowBytes: windowBytes,
          connectionWindowBytes: windowBytes,
          streamSendBytesHigh: 3000,
        };
        const server = new EchoHandler();
        const handler = new ClientHandler();
        new Http2Connection({ connection: b, runtime, handler: server }, { role: 'server', limits });
        const client = new Http2Connection({ connection: a, runtime, handler }, { role: 'client', limits });
        const open = calls.map(({ parts, endsWith }, index) => {
          const each = new Call();
          each.stream = client.openStream(REQUEST, false, each);
          const bytes = parts.map((length) => new Uint8Array(length).fill(index + 1));
          for (const [at, part] of bytes.entries())
            each.stream.sendData(part, endsWith === 'last' && at === bytes.length - 1);
          if (endsWith === 'trailers') each.stream.sendHeaders(['x-sent', 'all'], true);
          else if (endsWith === 'data' || bytes.length === 0) each.stream.sendData(new Uint8Array(0), true);
          return { each, sent: Buffer.concat(bytes) };
        });
        clock.advance(10_000);
        for (const { each, sent } of open) {
          assert.ok(each.isClosed, `${each.body.length} of ${sent.length}`);
          assert.equal(each.error, undefined);
          assert.ok(each.body.equals(sent));
          assert.equal(each.headers.length, 2);
        }
        void client.close();
        clock.advance(5000);
        assert.ok(handler.isClosed && server.isClosed);
        assert.equal(handler.error ?? server.error, undefined);
        assert.equal(clock.timers, 0, 'no timer is left');
      },
    ),
    { numRuns: 150, seed: 3 },
  );
});

test('the client preface may come in any pieces', () => {
  for (let cut = 1; cut < PREFACE.length; cut += 1) {
    const clock = new ManualClock();
    const [a, b] = createMemoryPair(clock);
    const handler = new EchoHandler();
    new Http2Connection({ connection: b, runtime: createRuntime(clock), handler }, { role: 'server' });
    a.write(PREFACE.subarray(0, cut));
    clock.settle();
    a.write(
      Buffer.concat([PREFACE.subarray(cut), frame(FrameType.settings, 0, 0), frame(FrameType.settings, Flag.ack, 0)]),
    );
    clock.advance(60_000);
    assert.ok(!handler.isClosed);
  }
});
