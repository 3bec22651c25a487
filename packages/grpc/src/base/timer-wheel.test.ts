import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from './testing/manual-clock.js';
import { TimerWheel, WheelTimer } from './timer-wheel.js';

test('timers fire in the millisecond that they were asked for, whatever is started and cancelled in between', () => {
  const step = fc.record({
    timer: fc.nat(9),
    delayMs: fc.oneof(fc.nat(40), fc.nat(2_000), fc.nat(100_000_000)),
    isCancelled: fc.boolean(),
    waitMs: fc.oneof(fc.nat(5), fc.nat(5_000), fc.nat(40_000_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new ManualClock();
      const wheel = new TimerWheel(clock);
      const due = new Map<WheelTimer, number>();
      const owner = {
        onExpired(timer: WheelTimer): void {
          const dueMs = due.get(timer);
          due.delete(timer);
          assert.ok(dueMs !== undefined, 'fired without being started');
          assert.ok(clock.now() >= dueMs && clock.now() <= dueMs + 1, `due at ${dueMs}, fired at ${clock.now()}`);
        },
      };
      const timers = Array.from({ length: 10 }, () => new WheelTimer(owner));
      for (const { timer: index, delayMs, isCancelled, waitMs } of steps) {
        const timer = timers[index];
        assert.ok(timer !== undefined);
        if (isCancelled) {
          wheel.cancel(timer);
          due.delete(timer);
        } else {
          wheel.start(timer, delayMs);
          due.set(timer, clock.now() + delayMs);
        }
        clock.advance(waitMs);
        for (const [late, dueMs] of due) assert.ok(dueMs >= clock.now() - 1, `${late.dueMs} has not fired`);
      }
      clock.advance(200_000_000);
      assert.equal(due.size, 0);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test('a clock that runs on for months does not confuse the wheel', () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  let fired = 0;
  const timer = new WheelTimer({ onExpired: () => (fired += 1) });
  for (let month = 1; month <= 6; month += 1) {
    clock.advance(30 * 86_400_000 + 7);
    wheel.start(timer, 3);
    clock.advance(2);
    assert.equal(fired, month - 1);
    clock.advance(2);
    assert.equal(fired, month);
  }
});

test('no timer of the clock is left when all are cancelled and the first would have fired', () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const timer = new WheelTimer({ onExpired: () => assert.fail('cancelled') });
  for (let call = 0; call < 1000; call += 1) {
    wheel.start(timer, 5000);
    wheel.cancel(timer);
    clock.advance(1);
  }
  clock.advance(10_000);
  assert.equal(clock.timers, 0);
});

test('a timer fires though the difference of two times is rounded to just below its milliseconds', () => {
  const clock = new ManualClock();
  clock.advance(0.47);
  const wheel = new TimerWheel(clock);
  let fired = 0;
  wheel.start(new WheelTimer({ onExpired: () => (fired += 1) }), 2);
  clock.advance(2);
  assert.ok(clock.now() - 0.47 < 2, 'the case that is meant');
  assert.equal(fired, 1);
});
