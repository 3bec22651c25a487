import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, newMessage } from '@kvorum/core/raft/message.js';
import { confStateOf } from '@kvorum/core/raft/snapshot.js';
import { APPEND_THREAD } from '@kvorum/core/raft/types.js';
import { Appender } from './appender.js';
import { LogWindow } from './log-window.js';

const entry = (index: number, term = 1) => ({ index, term, type: 'normal', data: new Uint8Array(0) }) as const;
const snapshot = { index: 9, term: 1, confState: confStateOf([1, 2, 3]), data: new Uint8Array(0) };

function setup() {
  const hardState = { term: 1, vote: 0, commit: 0 };
  const start = { hardState, confState: confStateOf([1]), logStart: { index: 0, term: 0 }, entries: [] };
  const log = new LogWindow(start, { windowBytes: Number.POSITIVE_INFINITY });
  const calls: string[] = [];
  const appender = new Appender(
    {
      log,
      deliver: (message) => calls.push(`deliver ${message.index}`),
      accept: ({ index }) => calls.push(`accept ${index}`),
      install: ({ index }, { commit }) => calls.push(`install ${index} commit ${commit}`),
    },
    hardState,
  );
  const add = (name: number, fields: Partial<Message>) => {
    const response = { ...newMessage('MsgAppResp', 2, 1), index: name };
    appender.add({ ...newMessage('MsgStorageAppend', APPEND_THREAD, 1), responses: [response], ...fields });
  };
  return { log, calls, appender, add };
}

test('R10: a response is delivered after the sync of its own append, and the log holds the entry then', () => {
  const { log, calls, appender, add } = setup();
  add(1, { entries: [entry(1)] });
  assert.deepEqual(appender.takeUpdates(), [{ hardState: undefined, entries: [entry(1)] }]);
  assert.deepEqual([calls, log.lastIndex()], [[], 0]);
  appender.synced();
  assert.deepEqual([calls, log.lastIndex()], [['deliver 1'], 1]);
});

test('R10: a vote is synced before it is answered', () => {
  const { calls, appender, add } = setup();
  add(1, { term: 2, vote: 3, commit: 0 });
  assert.deepEqual(appender.takeUpdates(), [{ hardState: { term: 2, vote: 3, commit: 0 }, entries: [] }]);
  assert.deepEqual(calls, []);
  appender.synced();
  assert.deepEqual(calls, ['deliver 1']);
});

test('R10: a vote in a term that is synced already is synced too, before it is answered', () => {
  const { calls, appender, add } = setup();
  add(1, { term: 1, vote: 3, commit: 0 });
  assert.deepEqual(appender.takeUpdates(), [{ hardState: { term: 1, vote: 3, commit: 0 }, entries: [] }]);
  assert.deepEqual(calls, []);
  appender.synced();
  assert.deepEqual(calls, ['deliver 1']);
});

test('a commit index alone needs no sync, but waits for what is before it, and goes with the next write', () => {
  const { calls, appender, add } = setup();
  add(1, { entries: [entry(1)] });
  add(2, { term: 1, vote: 0, commit: 1 });
  assert.equal(appender.takeUpdates().length, 1);
  assert.deepEqual(calls, []);
  appender.synced();
  assert.deepEqual(calls, ['deliver 1', 'deliver 2']);
  add(3, { entries: [entry(2)] });
  assert.deepEqual(appender.takeUpdates(), [{ hardState: { term: 1, vote: 0, commit: 1 }, entries: [entry(2)] }]);
  assert.equal(appender.takeUnwritten(), undefined);
});

test('appends complete in order, one for each sync', () => {
  const { calls, appender, add } = setup();
  add(1, { entries: [entry(1)] });
  add(2, { entries: [entry(2)] });
  assert.equal(appender.takeUpdates().length, 2);
  assert.equal(appender.isSyncing, true);
  appender.synced();
  assert.deepEqual(calls, ['deliver 1']);
  appender.synced();
  assert.deepEqual([calls, appender.isSyncing], [['deliver 1', 'deliver 2'], false]);
});

test('R15: a snapshot waits for the appends before it, is installed alone, and entries behind it are written after it', () => {
  const { log, calls, appender, add } = setup();
  add(1, { entries: [entry(1)] });
  add(2, { snapshot, entries: [entry(10)], term: 1, vote: 0, commit: 9 });
  assert.equal(appender.takeUpdates().length, 1);
  assert.deepEqual(calls, ['accept 9']);
  appender.synced();
  assert.deepEqual(appender.takeUpdates(), []);
  assert.deepEqual(calls, ['accept 9', 'deliver 1', 'install 9 commit 9']);
  assert.deepEqual(appender.takeUpdates(), []);
  appender.installed();
  assert.deepEqual(log.startPosition, { index: 9, term: 1 });
  assert.deepEqual(appender.takeUpdates(), [{ hardState: undefined, entries: [entry(10)] }]);
  assert.equal(calls.includes('deliver 2'), false);
  appender.synced();
  assert.deepEqual([calls.at(-1), log.lastIndex()], ['deliver 2', 10]);
});
