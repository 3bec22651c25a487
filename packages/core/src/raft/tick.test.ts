import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { idleTicksChild, idleTicksFlags } from './testing/idle-ticks.js';

/** The smallest object takes 16 bytes, so one per tick would be far beyond this. */
const BYTES_PER_TICK_MAX = 1;

test('a tick of an idle replica allocates nothing: follower, leader between heartbeats, leader with quorum checks', (t) => {
  const child = spawnSync(process.execPath, [...idleTicksFlags, fileURLToPath(idleTicksChild)], { encoding: 'utf8' });
  // Node says so with exit code 9 when it doesn't know a flag.
  if (child.status === 9) {
    t.skip(`this Node can't hold its collector back: ${child.stderr.trim()}`);
    return;
  }
  assert.equal(child.status, 0, child.stderr);
  const { follower, leader, single } = JSON.parse(child.stdout);
  for (const [replica, bytes] of Object.entries({ follower, leader, single })) {
    assert.ok(Number(bytes) < BYTES_PER_TICK_MAX, `${replica}: ${bytes} bytes per tick`);
  }
});
