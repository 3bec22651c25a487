/** Waits for what another process or the network brings about. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS_MAX = 5_000;

/** Looks again and again whether `isSo`, for a few seconds at most. */
export async function until(isSo: () => boolean, everyMs = 5): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += everyMs) {
    assert.ok(waitedMs < WAIT_MS_MAX, 'it never came to that');
    await sleep(everyMs);
  }
}

/** Looks until `value` gives the same twice. */
export async function settled(value: () => number): Promise<number> {
  let last = -1;
  await until(() => {
    const isStill = value() === last;
    last = value();
    return isStill;
  }, 100);
  return last;
}
