import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import fc from 'fast-check';
import { ManualClock } from '../../env/testing/manual-clock.js';
import type { FreshnessMessage } from '../../transport/freshness-codec.js';
import { Freshness, type FreshnessCore } from './freshness.js';

/** A replica of three voters; what it sends waits in `sent` until the test hands it on, as late as it likes. */
class Node {
  readonly clock = new ManualClock();
  readonly sent: { readonly to: number; readonly message: FreshnessMessage }[] = [];
  readonly raw: { -readonly [Name in keyof FreshnessCore]: FreshnessCore[Name] };
  freshness: Freshness;
  applied = 0;

  constructor(id: number, leaderId: number, voters: readonly number[] = [1, 2, 3]) {
    this.raw = {
      id,
      term: 5,
      leaderId,
      isLeader: id === leaderId,
      unconfirmedReadIndex: id === leaderId ? 10 : undefined,
      confState: () => confStateOf(voters),
      isMember: (node: number) => voters.includes(node),
    };
    this.freshness = this.start(0.25);
  }

  /** A process begins: its clock shows something else than that of the one before. */
  start(run: number): Freshness {
    const outbox = { tellFreshness: (to: number, message: FreshnessMessage) => this.sent.push({ to, message }) };
    this.freshness = new Freshness({
      clock: this.clock,
      raw: this.raw,
      outbox,
      appliedIndex: () => this.applied,
      random: () => run,
    });
    return this.freshness;
  }

  take(to: number): FreshnessMessage {
    const at = this.sent.findIndex((one) => one.to === to);
    return this.sent.splice(at, 1)[0]?.message ?? assert.fail(`nothing for node ${to}`);
  }
}

function setup() {
  const leader = new Node(1, 1);
  const member = new Node(2, 1);
  const other = new Node(3, 1);
  const pass = (ms: number): void => {
    for (const { clock } of [leader, member, other]) clock.advance(ms);
  };
  const toMember = (): void => member.freshness.received(1, leader.take(2));
  const toLeader = (): void => leader.freshness.received(2, member.take(1));
  /** A round that takes no time. */
  const round = (): void => {
    leader.freshness.tick();
    toMember();
    toLeader();
    leader.sent.length = 0;
  };
  return { leader, member, other, pass, round, toMember, toLeader };
}

/** What milliseconds that are rounded to whole ones may add. */
const ROUNDED_MS = 2;

function assertAbout(actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && actual >= expected && actual <= expected + ROUNDED_MS,
    `${actual}, not ${expected}`,
  );
}

test('a member knows by the second round; a leader as soon as a quorum has answered', () => {
  const { leader, member, pass, round } = setup();
  assert.equal(member.freshness.stalenessMs(10), undefined);
  assert.equal(leader.freshness.stalenessMs(10), undefined);
  round();
  assert.equal(leader.freshness.stalenessMs(9), undefined, 'the leader has not applied all that it has committed');
  assertAbout(leader.freshness.stalenessMs(10), 0);
  assert.equal(member.freshness.stalenessMs(10), undefined);
  pass(100);
  round();
  assert.equal(member.freshness.stalenessMs(9), undefined);
  assertAbout(member.freshness.stalenessMs(10), 100);
  pass(30);
  assertAbout(member.freshness.stalenessMs(10), 130);
  assertAbout(leader.freshness.stalenessMs(10), 30);
});

test('a message that waits makes nothing younger: the member counts from what it sent itself', () => {
  const { leader, member, pass, round, toMember } = setup();
  round();
  pass(100);
  leader.freshness.tick();
  pass(5000);
  toMember();
  assertAbout(member.freshness.stalenessMs(10), 5100);
});

test('an answer that waits makes nothing younger either', () => {
  const { leader, member, pass, toMember, toLeader } = setup();
  leader.freshness.tick();
  pass(7);
  toMember();
  pass(3000);
  toLeader();
  assertAbout(leader.freshness.stalenessMs(10), 3007);
  leader.sent.length = 0;
  leader.freshness.tick();
  toMember();
  assert.ok((member.freshness.stalenessMs(10) ?? 0) >= 3007, 'at least the true age');
});

test('N10: a leader that stood still knows that it knows only what was before', () => {
  const { leader, member, pass, round, toMember } = setup();
  round();
  pass(60_000);
  assertAbout(leader.freshness.stalenessMs(10), 60_000);
  leader.freshness.tick();
  toMember();
  assertAbout(member.freshness.stalenessMs(10), 60_000);
});

test('only rounds of the term in force count, and only of its leader', () => {
  const { leader, member, other, pass, round } = setup();
  round();
  pass(100);
  leader.freshness.tick();
  const late = leader.take(2);
  member.raw.term = 6;
  member.freshness.received(1, late);
  assert.equal(member.freshness.stalenessMs(10), undefined, 'another term');
  assert.equal(member.sent.length, 0, 'nor is it answered: a quorum of such answers says that nobody else led');
  member.raw.term = 5;
  member.freshness.received(3, late);
  assert.equal(member.freshness.stalenessMs(10), undefined, 'not of the leader');
  // An answer of the former term.
  leader.raw.term = 6;
  other.freshness.received(1, late);
  leader.freshness.received(3, other.take(1));
  assertAbout(leader.freshness.stalenessMs(10), 100);
});

test('what a former process of the member said is not echoed to this one', () => {
  const { leader, member, pass, round, toMember } = setup();
  member.clock.advance(1_000_000);
  round();
  pass(100);
  member.start(0.75);
  leader.freshness.tick();
  toMember();
  assert.equal(member.freshness.stalenessMs(10), undefined);
  round();
  pass(100);
  round();
  assert.ok(member.freshness.stalenessMs(10) !== undefined);
});

test('a leader that has committed nothing in its term proves nothing, nor does one that a minority answers', () => {
  const { leader, member, pass, round } = setup();
  leader.raw.unconfirmedReadIndex = undefined;
  round();
  pass(100);
  round();
  assert.equal(leader.freshness.stalenessMs(10), undefined);
  assert.equal(member.freshness.stalenessMs(10), undefined);
  const alone = new Node(1, 1);
  alone.freshness.tick();
  assert.equal(alone.freshness.stalenessMs(10), undefined);
});

test('the only voter always knows, and a learner of it by the second round', () => {
  const leader = new Node(1, 1, [1]);
  leader.clock.advance(50);
  assertAbout(leader.freshness.stalenessMs(10), 0);
  leader.clock.advance(5000);
  assertAbout(leader.freshness.stalenessMs(10), 0);
});

test('R21: under any delays, no age is told that is below the true one, up to the drift of the clocks', () => {
  const action = fc.record({
    kind: fc.constantFrom('tick', 'toMember', 'toMember', 'toLeader', 'toLeader', 'pass', 'apply'),
    ms: fc.nat(400),
  });
  const rate = fc.double({ min: 0.5, max: 1.5, noNaN: true });
  let known = 0;
  fc.assert(
    fc.property(fc.array(action, { minLength: 40, maxLength: 120 }), rate, rate, (actions, leaderRate, memberRate) => {
      const leader = new Node(1, 1, [1, 2]);
      const member = new Node(2, 1, [1, 2]);
      let trueMs = 0;
      /** When each index was committed: one with every step. */
      const committedMs: number[] = [];
      const applied = new Map([leader, member].map((node): [Node, number] => [node, 0]));
      for (const { kind, ms } of actions) {
        committedMs.push(trueMs);
        leader.raw.unconfirmedReadIndex = committedMs.length;
        if (kind === 'tick') leader.freshness.tick();
        if (kind === 'toMember' && leader.sent.length > 0) member.freshness.received(1, leader.take(2));
        if (kind === 'toLeader' && member.sent.length > 0) leader.freshness.received(2, member.take(1));
        if (kind === 'pass') {
          trueMs += ms;
          leader.clock.advance(ms * leaderRate);
          member.clock.advance(ms * memberRate);
        }
        for (const [node, index] of applied) {
          if (kind === 'apply') applied.set(node, Math.min(committedMs.length, index + ms));
          node.applied = index;
          const told = node.freshness.stalenessMs(index);
          if (told === undefined) continue;
          known += 1;
          // The first write that this state lacks is no older than what was told.
          const lackedMs = committedMs[index] ?? trueMs;
          assert.ok(trueMs - lackedMs <= told / Math.min(leaderRate, memberRate, 1) + ROUNDED_MS);
        }
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(known > 1000, `only ${known} ages were told`);
});

test('the age is known at once after a long time with writes and without such reads', () => {
  const { leader, member, pass, round } = setup();
  for (let index = 11; index <= 100; index += 1) {
    leader.raw.unconfirmedReadIndex = index;
    round();
    pass(100);
    leader.applied = index;
    member.applied = index;
  }
  round();
  assert.ok((leader.freshness.stalenessMs(100) ?? Number.NaN) <= 200);
  assert.ok((member.freshness.stalenessMs(100) ?? Number.NaN) <= 300);
});
