import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeExpireSessions, encodeOpenSession } from '@kvorum/core/kv/command.js';
import { buildBatch } from '@kvorum/core/kv/entry-codec.js';
import { EMPTY_STORE } from '@kvorum/core/kv/ports.js';
import { SESSION_IDLE_MS } from '@kvorum/core/kv/session-codec.js';
import { createStateMachine } from '@kvorum/core/kv/state-machine.js';
import { sessionCheckMs, SessionExpiry } from './session-expiry.js';

test('R20: only a leader proposes to end idle sessions, once a check, and only when there are some', () => {
  const machine = createStateMachine({ store: EMPTY_STORE });
  const proposed: (readonly (readonly Uint8Array[])[])[] = [];
  let isLeader = true;
  let nowMs = 0;
  const expiry = new SessionExpiry({
    machine: () => machine,
    route: {
      isLeader: () => isLeader,
      shardTimeMs: () => nowMs,
      propose: (batches) => {
        proposed.push(batches);
        return 'full';
      },
    },
  });
  const at = (ms: number): number => {
    nowMs = ms;
    expiry.tick(ms);
    return proposed.length;
  };
  assert.equal(at(0), 0);
  machine.apply(buildBatch({ shardTimeMs: 0, wallClockMs: 0 }, [encodeOpenSession(1)]), 1, 1);
  assert.equal(at(SESSION_IDLE_MS - 1), 0);
  assert.equal(at(SESSION_IDLE_MS), 0);
  const later = SESSION_IDLE_MS - 1 + sessionCheckMs;
  assert.equal(at(later), 1);
  assert.equal(at(later + sessionCheckMs - 1), 1);
  isLeader = false;
  assert.equal(at(later + sessionCheckMs), 1);
  isLeader = true;
  assert.equal(at(later + sessionCheckMs), 2);
  assert.deepEqual(proposed[0], [[encodeExpireSessions(SESSION_IDLE_MS)]]);
});
