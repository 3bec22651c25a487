import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../env/testing/manual-clock.js';
import { BackupSource } from './backup-source.js';

test('a backup of a store whose meta row is damaged fails and holds no reader', async () => {
  const clock = new ManualClock();
  let openReaders = 0;
  const ended: string[] = [];
  const backups = new BackupSource({
    clock,
    shard: 1,
    flush: () => Promise.resolve(),
    openSnapshot: () => {
      openReaders += 1;
      const source = { meta: Uint8Array.of(0), scan: () => undefined, close: () => (openReaders -= 1) };
      return { source, storeBytes: 1 };
    },
  });
  await assert.rejects(backups.open(() => ended.push('ended')));
  assert.equal(openReaders, 0);
  backups.close();
  clock.advance(3_600_000);
  assert.deepEqual(ended, [], 'who asked counts a backup that began, and this one did not');
});
