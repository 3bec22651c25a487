import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeKeepSession } from '@kvorum/core/kv/command.js';
import { EMPTY_STORE } from '@kvorum/core/kv/ports.js';
import { createStateMachine } from '@kvorum/core/kv/state-machine.js';
import { elect, startHarness } from '@kvorum/core/raft/testing/node-harness.js';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { Standing } from '../standing.js';
import { ProposalRoute, proposalReserveBytes } from './proposal-route.js';

/** A leader that commits and applies nothing: the others acknowledge nothing. */
function setup() {
  const harness = startHarness([1, 2, 3], { disableConfChangeValidation: true });
  elect(harness, 2);
  const raw = harness.node;
  assert.ok(raw.isLeader);
  const machine = createStateMachine({ store: EMPTY_STORE });
  const standing = new Standing({ raw, random: () => 0, onRoleChange: () => undefined });
  const outbox = { forward: () => false, answer: () => undefined };
  const deps = { raw, standing, outbox, machine: () => machine, clock: new ManualClock(), isOutOfSpace: () => false };
  return { raw, route: new ProposalRoute(deps) };
}

test('S12: commands of callers leave room in the log for changes of membership and the upkeep of sessions', () => {
  const { raw, route } = setup();
  const mebibyte = new Uint8Array(1024 * 1024);
  let taken = 0;
  while (typeof route.propose([[mebibyte]]) === 'object') taken += 1;
  assert.equal(taken, 62, 'of 64 MiB, one entry being a little more than one');
  assert.ok(raw.proposalBytesLeft >= proposalReserveBytes, `${raw.proposalBytesLeft} bytes left`);
  const rest = new Uint8Array(raw.proposalBytesLeft - proposalReserveBytes);
  assert.equal(typeof route.propose([[rest]]), 'object');
  assert.equal(route.propose([[encodeKeepSession(1)]]), 'full', 'without the right to the reserve');
  assert.equal(typeof route.propose([[encodeKeepSession(1)]], true), 'object');
  const context = new Uint8Array(100);
  assert.ok(raw.proposeConfChange({ version: 1, change: { type: 'addLearner', nodeId: 4 }, context }).isAccepted);
});
