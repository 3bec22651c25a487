/**
 * Membership arithmetic against a model that says what a change means instead of how it is done, and the reason for all of it: no
 * two configurations that follow each other have quorums without a common node (thesis 4.1, 4.3).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type JointConfig, jointVoteResult } from '../quorum/joint.js';
import type { ConfState } from '../snapshot.js';
import { Tracker } from '../tracker/tracker.js';
import { changeMembership } from './changer.js';
import { type ConfChangeSingle, type ConfChangeV2, LEAVE_JOINT } from './conf-change.js';

const MAX_ID = 6;

const ids = Array.from({ length: MAX_ID }, (_, at) => at + 1);

const single: fc.Arbitrary<ConfChangeSingle> = fc.record({
  type: fc.constantFrom('addVoter', 'addLearner', 'remove', 'update'),
  nodeId: fc.integer({ min: 0, max: MAX_ID }),
});

const anyChange: fc.Arbitrary<ConfChangeV2> = fc.record({
  version: fc.constant(2 as const),
  transition: fc.constantFrom('auto', 'auto', 'implicit', 'explicit'),
  changes: fc.array(single, { maxLength: 4 }),
  context: fc.constant(new Uint8Array(0)),
});

/** Joint configurations are left often enough to get on. */
const change = fc.oneof(anyChange, fc.constant(LEAVE_JOINT));

/** What a node shall be once all is done, and who voted before a joint configuration. */
interface Model {
  readonly roles: ReadonlyMap<number, 'voter' | 'learner'>;
  readonly outgoing: ReadonlySet<number>;
  readonly autoLeave: boolean;
}

const votersOf = ({ roles }: Model): number[] => ids.filter((id) => roles.get(id) === 'voter');

function modelOf(state: ConfState): Model {
  const roles = new Map<number, 'voter' | 'learner'>();
  for (const id of state.voters) roles.set(id, 'voter');
  for (const id of [...state.learners, ...state.learnersNext]) roles.set(id, 'learner');
  return { roles, outgoing: new Set(state.votersOutgoing), autoLeave: state.autoLeave };
}

/** Who waits to become a learner is who shall be one and still votes in the outgoing half. */
function confStateOf(model: Model): ConfState {
  const learners = ids.filter((id) => model.roles.get(id) === 'learner');
  return {
    voters: votersOf(model),
    votersOutgoing: ids.filter((id) => model.outgoing.has(id)),
    learners: learners.filter((id) => !model.outgoing.has(id)),
    learnersNext: learners.filter((id) => model.outgoing.has(id)),
    autoLeave: model.autoLeave,
  };
}

/** What `asked` makes of `before`, null where it must be refused. */
function changed(before: Model, { transition, changes }: ConfChangeV2): Model | null {
  const isJoint = before.outgoing.size > 0;
  if (transition === 'auto' && changes.length === 0) {
    return isJoint ? { roles: before.roles, outgoing: new Set(), autoLeave: false } : null;
  }
  if (isJoint) return null;
  const roles = new Map(before.roles);
  for (const { type, nodeId } of changes) {
    if (nodeId === 0 || type === 'update') continue;
    if (type === 'remove') roles.delete(nodeId);
    else roles.set(nodeId, type === 'addVoter' ? 'voter' : 'learner');
  }
  const isOneStep = transition === 'auto' && changes.length === 1;
  const outgoing = new Set(isOneStep ? [] : votersOf(before));
  const after = { roles, outgoing, autoLeave: !isOneStep && transition !== 'explicit' };
  return votersOf(after).length === 0 ? null : after;
}

/** Whether some set of nodes decides in one configuration while all others decide in the next. */
function canBothDecide(first: JointConfig, second: JointConfig): boolean {
  for (let set = 0; set < 1 << MAX_ID; set += 1) {
    const isIn = (id: number): boolean => (set & (1 << (id - 1))) !== 0;
    const some = jointVoteResult(first, { vote: isIn });
    const others = jointVoteResult(second, { vote: (id) => !isIn(id) });
    if (some === 'won' && others === 'won') return true;
  }
  return false;
}

function startTracker(): Tracker {
  const tracker = new Tracker(10, 100);
  const first = changeMembership(tracker, 1, {
    version: 2,
    transition: 'auto',
    changes: [{ type: 'addVoter', nodeId: 1 }],
    context: new Uint8Array(0),
  });
  assert.ok(first.error === null);
  tracker.replace(first.config, first.progress);
  return tracker;
}

test('thesis 4.1, 4.3: changes do what the model says, and refuse what it refuses', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
      const tracker = startTracker();
      for (const asked of changes) {
        const wanted = changed(modelOf(tracker.confState()), asked);
        const result = changeMembership(tracker, 1, asked);
        assert.equal(result.error === null, wanted !== null, result.error ?? 'it was not refused');
        if (result.error !== null || wanted === null) continue;
        accepted += 1;
        tracker.replace(result.config, result.progress);
        assert.deepEqual(tracker.confState(), confStateOf(wanted));
        const members = ids.filter((id) => wanted.roles.has(id) || wanted.outgoing.has(id));
        assert.deepEqual(tracker.ids, members);
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(accepted > 1000, `${accepted} changes`);
});

test('thesis 4.1, 4.3: every quorum before a change and every quorum after it have a node in common', () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
      const tracker = startTracker();
      for (const asked of changes) {
        const before = tracker.config.voters;
        const result = changeMembership(tracker, 1, asked);
        if (result.error !== null) continue;
        compared += 1;
        assert.ok(!canBothDecide(before, result.config.voters), 'two majorities that know nothing of each other');
        tracker.replace(result.config, result.progress);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(compared > 500, `${compared} changes`);
  const apart = { incoming: [1, 2, 3], outgoing: [] };
  assert.ok(canBothDecide(apart, { incoming: [1, 4, 5], outgoing: [] }), 'what joint configurations are for is found');
});
