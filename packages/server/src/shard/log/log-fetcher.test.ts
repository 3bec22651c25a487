import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '@kvorum/core/raft/entry.js';
import { NOT_YET } from '@kvorum/core/raft/log-storage.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { DiskError } from '../../env/disk.js';
import { WalCompactedError } from '../../storage/wal/wal-errors.js';
import { LogFetcher } from './log-fetcher.js';
import { LogWindow, type WantedEntries } from './log-window.js';

const entry = (index: number): Entry => ({ index, term: 1, type: 'normal', data: new Uint8Array(0) });

/** Twenty entries, none in memory, and reads that wait for the test. */
function setup() {
  const hardState = { term: 1, vote: 0, commit: 0 };
  const entries = Array.from({ length: 20 }, (_, i) => entry(i + 1));
  const start = { hardState, confState: confStateOf([1]), logStart: { index: 0, term: 0 }, entries };
  const log = new LogWindow(start, { windowBytes: 0 });
  log.trim();
  const reads: { readonly wanted: WantedEntries; readonly end: (outcome: Entry[] | Error) => void }[] = [];
  const calls: string[] = [];
  const fetcher = new LogFetcher({
    log,
    read: (wanted) =>
      new Promise((resolve, reject) => {
        reads.push({ wanted, end: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)) });
      }),
    onRead: (found) => calls.push(`read ${found.length}`),
    onProvided: () => calls.push('provided'),
    fail: (error) => calls.push(`failed: ${error instanceof Error ? error.message : ''}`),
  });
  return { log, fetcher, reads, calls };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('all who wait are read for at once; who asks meanwhile waits for the next round', async () => {
  const { log, fetcher, reads, calls } = setup();
  log.entries(3, 21, 48);
  log.entries(9, 21, 48);
  fetcher.start();
  assert.deepEqual(
    reads.map(({ wanted: { lo } }) => lo),
    [3, 9],
  );
  log.entries(15, 21, 48);
  fetcher.start();
  assert.equal(reads.length, 2);
  reads[0]?.end([entry(3), entry(4)]);
  await settled();
  assert.deepEqual(calls, ['read 2']);
  reads[1]?.end([entry(9)]);
  await settled();
  assert.deepEqual(calls, ['read 2', 'read 1', 'provided']);
  assert.deepEqual(log.entries(3, 21, 48), [entry(3), entry(4)]);
  assert.deepEqual(log.entries(9, 21, 48), [entry(9)]);
  assert.equal(log.entries(15, 21, 48), NOT_YET);
  fetcher.start();
  assert.equal(reads[2]?.wanted.lo, 15);
});

test('what was compacted while it was read is no failure: the core asks again and sends a snapshot', async () => {
  const { log, fetcher, reads, calls } = setup();
  log.entries(3, 21, 48);
  fetcher.start();
  log.compactTo(10);
  reads[0]?.end(new WalCompactedError(1, 3, 10));
  await settled();
  assert.deepEqual(calls, ['provided']);
  assert.equal(log.entries(3, 21, 48), 'compacted');
});

test('what was replaced before it was read costs no read, but is answered', async () => {
  const { log, fetcher, reads, calls } = setup();
  log.entries(18, 21, 48);
  log.append([entry(17)]);
  fetcher.start();
  await settled();
  assert.deepEqual([reads.length, calls], [0, ['provided']]);
});

test('R17: a read that fails ends the node, once', async () => {
  const { log, fetcher, reads, calls } = setup();
  log.entries(3, 21, 48);
  fetcher.start();
  reads[0]?.end(new DiskError('read', 'wal', 'EIO'));
  await settled();
  assert.deepEqual(calls, ['failed: read wal: EIO']);
  log.entries(3, 21, 48);
  fetcher.start();
  assert.equal(reads.length, 1);
});

test('closing waits for the reads under way and tells nobody of them', async () => {
  const { log, fetcher, reads, calls } = setup();
  log.entries(3, 21, 48);
  fetcher.start();
  let isClosed = false;
  const closed = fetcher.close().then(() => (isClosed = true));
  await settled();
  assert.equal(isClosed, false);
  reads[0]?.end([entry(3)]);
  await closed;
  assert.equal(calls.includes('provided'), false);
});
