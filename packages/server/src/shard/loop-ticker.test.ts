import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../env/silent-log.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import { LoopTicker } from './loop-ticker.js';

/** A ticker of 100 ms; `tickAfter` tells what one tick and the turn after it did. */
function setup(isActive = () => true) {
  const clock = new ManualClock({ isStepped: true });
  const done: string[] = [];
  let fire = (): void => assert.fail('no timer');
  const timers = {
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs(),
    setTimer: clock.setTimer.bind(clock),
    defer: clock.defer.bind(clock),
    setInterval: (_ms: number, run: () => void) => {
      fire = run;
      return { cancel: () => undefined };
    },
  };
  const ticker = new LoopTicker(
    {
      clock: timers,
      log: silentLog,
      expire: () => done.push('expire'),
      isActive,
      restartElectionTimers: () => done.push('restart'),
      tickShards: () => done.push('tick'),
      afterTick: () => done.push('after'),
    },
    100,
  );
  const tickAfter = (ms: number): string[] => {
    clock.advance(ms);
    fire();
    done.push('turn');
    clock.runDeferred();
    return done.splice(0);
  };
  return { ticker, tickAfter };
}

test('N10: a tick that comes late restarts election timers, after what arrived meanwhile was read', () => {
  const { tickAfter } = setup();
  assert.deepEqual(tickAfter(100), ['expire', 'tick', 'after', 'turn']);
  assert.deepEqual(tickAfter(300), ['expire', 'tick', 'after', 'turn'], 'two ticks late is no stall');
  assert.deepEqual(tickAfter(301), ['expire', 'after', 'turn', 'restart', 'tick']);
});

test('N10: a loop that is always late elects all the same: the fourth late tick in a row counts', () => {
  const { tickAfter } = setup();
  for (let stalls = 0; stalls < 3; stalls += 1) assert.ok(tickAfter(500).includes('restart'));
  assert.deepEqual(tickAfter(500), ['expire', 'tick', 'after', 'turn']);
  tickAfter(100);
  assert.ok(tickAfter(500).includes('restart'), 'one in time begins the count anew');
});

test('before a node takes part a tick only ends what waited too long, and the wait is no stall', () => {
  let isActive = false;
  const { ticker, tickAfter } = setup(() => isActive);
  assert.deepEqual(tickAfter(5000), ['expire', 'turn']);
  isActive = true;
  ticker.restart();
  assert.deepEqual(tickAfter(100), ['expire', 'tick', 'after', 'turn']);
});
