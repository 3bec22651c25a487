import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { LeaderLease } from './leader-lease.js';

const OPTIONS = { promiseMs: 500, clockDriftBound: 0.2, stallMs: 300 };
/** 500 × (1 - 0.2) / (1 + 0.2). */
const LENGTH_MS = 500 / 1.5;

/** A leader of term 3 whose loop ticks every 100 ms. */
function setup() {
  const clock = new ManualClock();
  const replica = { isLeader: true, term: 3 };
  const lease = new LeaderLease(clock, replica, OPTIONS);
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(Math.min(left, 100));
      lease.tick(clock.nowMs());
    }
  };
  return { clock, replica, lease, pass };
}

test('R28: a lease lasts from the begin of a confirmed round, shortened by the drift of both clocks', () => {
  const { clock, lease, pass } = setup();
  assert.equal(lease.hold(), undefined, 'none before a round');
  const begunMs = clock.nowMs();
  pass(50);
  lease.grant(begunMs, 500);
  assert.ok(lease.hold()?.isHeld());
  pass(LENGTH_MS - 51);
  assert.ok(lease.isHeld());
  pass(2);
  assert.equal(lease.isHeld(), false);
});

test('R28: a hold is asked after the value was read: it ends with the lease, and a later lease does not bring it back', () => {
  const { clock, replica, lease, pass } = setup();
  lease.grant(clock.nowMs(), 500);
  const hold = lease.hold() ?? assert.fail('no lease');
  assert.ok(hold.isHeld());
  replica.isLeader = false;
  assert.equal(hold.isHeld(), false, 'somebody else leads');
  replica.isLeader = true;
  replica.term = 5;
  assert.equal(hold.isHeld(), false);
  pass(10);
  lease.grant(clock.nowMs(), 500);
  assert.ok(lease.isHeld());
  assert.equal(hold.isHeld(), false, 'others may have led between terms 3 and 5');
});

test('R28, N10: a stall of the loop drops the lease, and rounds begun before it prove nothing', () => {
  const { clock, lease } = setup();
  const options = { ...OPTIONS, promiseMs: 60_000 };
  const begunMs = clock.nowMs() + 1;
  clock.advance(1);
  lease.grant(begunMs, options.promiseMs);
  assert.ok(lease.isHeld());
  clock.advance(OPTIONS.stallMs + 1);
  assert.equal(lease.isHeld(), false, 'before the late tick already');
  lease.tick(clock.nowMs());
  assert.equal(lease.isHeld(), false);
  lease.grant(begunMs, options.promiseMs);
  assert.equal(lease.isHeld(), false);
  clock.advance(1);
  lease.grant(clock.nowMs(), options.promiseMs);
  assert.ok(lease.isHeld());
});

test('R28: after leadership was offered to another there is no lease in that term any more', () => {
  const { clock, replica, lease, pass } = setup();
  lease.grant(clock.nowMs(), 500);
  lease.offered();
  assert.equal(lease.isHeld(), false);
  pass(100);
  lease.grant(clock.nowMs(), 500);
  assert.equal(lease.isHeld(), false, 'the transferee may call its election late');
  replica.term = 4;
  lease.grant(clock.nowMs(), 500);
  assert.ok(lease.isHeld());
});

test('R28: a round without a promise grants nothing, and a follower grants itself nothing', () => {
  const { clock, replica, lease } = setup();
  lease.grant(clock.nowMs(), 0);
  assert.equal(lease.isHeld(), false);
  replica.isLeader = false;
  lease.grant(clock.nowMs(), 500);
  replica.isLeader = true;
  assert.equal(lease.isHeld(), false);
});

test('R28: a lease is carried on from its middle, and only if somebody wants it', () => {
  const { clock, lease, pass } = setup();
  assert.equal(lease.isRenewalDue, false, 'nobody asked');
  lease.hold();
  assert.ok(lease.isRenewalDue);
  lease.grant(clock.nowMs(), 500);
  lease.hold();
  assert.equal(lease.isRenewalDue, false);
  pass(LENGTH_MS / 2 + 1);
  assert.ok(lease.isRenewalDue);
  lease.grant(clock.nowMs(), 500);
  pass(LENGTH_MS + 1);
  assert.equal(lease.isRenewalDue, false, 'an idle shard lets it run out');
});
