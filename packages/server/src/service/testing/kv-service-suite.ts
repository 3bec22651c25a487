/**
 * What every KvService must do, whoever stands behind it: writes with conditions, batches, sessions, watches. Nothing here knows how.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import type { BatchOperation, KvService, Watch, WriteSession } from '../kv-service.js';

/** A service of its own for one test. */
export interface TestService {
  readonly kv: KvService;
  readonly close: () => Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** Registers the suite's tests. */
export function kvServiceSuite(name: string, start: () => Promise<TestService>): void {
  const suiteTest = (title: string, run: (kv: KvService) => Promise<void>): void => {
    test(`${title} (${name})`, async () => {
      const { kv, close } = await start();
      try {
        await run(kv);
      } finally {
        await close();
      }
    });
  };
  sessionTests(suiteTest);
  batchTests(suiteTest);
  watchTests(suiteTest);
}

type SuiteTest = (title: string, run: (kv: KvService) => Promise<void>) => void;

async function valueOf(kv: KvService, key: string): Promise<string | undefined> {
  return text((await kv.get(bytes(key))).kv?.value);
}

function sessionTests(suiteTest: SuiteTest): void {
  suiteTest('R20: a write of a session that is sent again happens once and answers as the first time', async (kv) => {
    const { id } = await kv.openSession();
    const session: WriteSession = { id, sequence: 1, firstUnacknowledged: 1 };
    const first = await kv.put(bytes('a'), bytes('1'), { session, ifAbsent: true });
    const other = await kv.put(bytes('a'), bytes('2'));
    assert.deepEqual(await kv.put(bytes('a'), bytes('1'), { session, ifAbsent: true }), first);
    assert.equal(await valueOf(kv, 'a'), '2');
    const remove = { session: { id, sequence: 2, firstUnacknowledged: 2 } };
    const removed = await kv.delete(bytes('a'), remove);
    assert.deepEqual(removed, { revision: other.revision + 1, deleted: 1 });
    await kv.put(bytes('a'), bytes('3'));
    assert.deepEqual(await kv.delete(bytes('a'), remove), removed);
    assert.equal(await valueOf(kv, 'a'), '3');
  });

  suiteTest('R20: a condition that failed in a session fails again, though it would hold now', async (kv) => {
    const { id } = await kv.openSession();
    const { revision } = await kv.put(bytes('a'), bytes('1'));
    const session: WriteSession = { id, sequence: 1, firstUnacknowledged: 1 };
    const expected = { code: 'CONDITION_FAILED', details: { currentRevision: revision, mayHaveHappened: false } };
    await assert.rejects(kv.put(bytes('a'), bytes('2'), { session, ifAbsent: true }), expected);
    await kv.delete(bytes('a'));
    await assert.rejects(kv.put(bytes('a'), bytes('2'), { session, ifAbsent: true }), expected);
    assert.equal(await valueOf(kv, 'a'), undefined);
  });

  suiteTest('R20: a sequence that was used for another kind of write is refused, alone and in a batch', async (kv) => {
    const { id } = await kv.openSession();
    const refused = { code: 'SEQUENCE_REFUSED', details: { field: 'sequence', mayHaveHappened: false } };
    const [key, value] = [bytes('a'), bytes('1')];
    const stamp = (sequence: number): WriteSession => ({ id, sequence, firstUnacknowledged: 1 });
    await kv.put(key, value, { session: stamp(1) });
    await assert.rejects(kv.delete(key, { session: stamp(1) }), isRefused);
    await kv.delete(bytes('b'), { session: stamp(2) });
    await assert.rejects(kv.put(key, bytes('2'), { session: stamp(2) }), isRefused);
    const results = await kv.batch([
      { kind: 'delete', key, session: stamp(1) },
      { kind: 'put', key, value: bytes('2'), session: stamp(2) },
    ]);
    for (const result of results) assert.ok(result.kind === 'failed' && isRefused(result.error));
    assert.equal(await valueOf(kv, 'a'), '1');

    function isRefused(error: unknown): boolean {
      assert.ok(error instanceof KvorumError);
      const { code, details } = error;
      assert.deepEqual({ code, details: { field: details.field, mayHaveHappened: details.mayHaveHappened } }, refused);
      return true;
    }
  });

  suiteTest(
    'R20: no write is executed for an unknown or closed session, or a sequence out of its window',
    async (kv) => {
      const { id } = await kv.openSession();
      await kv.put(bytes('a'), bytes('1'), { session: { id, sequence: 5, firstUnacknowledged: 5 } });
      const write = (session: WriteSession): Promise<unknown> => kv.put(bytes('a'), bytes('2'), { session });
      await assert.rejects(write({ id, sequence: 4, firstUnacknowledged: 1 }), { code: 'SEQUENCE_REFUSED' });
      await assert.rejects(write({ id, sequence: 5, firstUnacknowledged: 6 }), {
        code: /INVALID_ARGUMENT|SEQUENCE_REFUSED/,
      });
      await kv.keepSession(id);
      await kv.closeSession(id);
      await kv.closeSession(id);
      await assert.rejects(kv.keepSession(id), { code: 'SESSION_EXPIRED' });
      await assert.rejects(write({ id, sequence: 6, firstUnacknowledged: 6 }), { code: 'SESSION_EXPIRED' });
      await assert.rejects(write({ id: 3, sequence: 1, firstUnacknowledged: 1 }), { code: 'SESSION_EXPIRED' });
      assert.equal(await valueOf(kv, 'a'), '1');
    },
  );
}

function batchTests(suiteTest: SuiteTest): void {
  suiteTest('a batch gives each operation its own outcome and revision, in order', async (kv) => {
    const { revision } = await kv.put(bytes('a'), bytes('1'));
    const { id } = await kv.openSession();
    const once: BatchOperation = {
      kind: 'put',
      key: bytes('once'),
      value: bytes('x'),
      session: { id, sequence: 1, firstUnacknowledged: 1 },
    };
    const results = await kv.batch([
      { kind: 'put', key: bytes('a'), value: bytes('2'), ifModRevision: revision },
      { kind: 'put', key: bytes('a'), value: bytes('3'), ifAbsent: true },
      { kind: 'delete', key: bytes('missing') },
      { kind: 'delete', key: bytes('a'), ifModRevision: revision + 1 },
      once,
      once,
    ]);
    const at = (offset: number): number => revision + offset;
    const [first, failed, ...rest] = results;
    assert.deepEqual(first, { kind: 'put', revision: at(1), createRevision: revision, version: 2 });
    assert.ok(failed?.kind === 'failed' && failed.error instanceof KvorumError);
    assert.equal(failed.error.code, 'CONDITION_FAILED');
    assert.equal(failed.error.details.currentRevision, at(1));
    const put = { kind: 'put', revision: at(3), createRevision: at(3), version: 1 };
    assert.deepEqual(rest, [
      { kind: 'delete', revision: at(1), deleted: 0 },
      { kind: 'delete', revision: at(2), deleted: 1 },
      put,
      put,
    ]);
    assert.equal(await valueOf(kv, 'a'), undefined);
  });

  suiteTest('a delete that asks for an absent key is a check, alone and in a batch', async (kv) => {
    assert.equal((await kv.delete(bytes('a'), { ifAbsent: true })).deleted, 0);
    const { revision } = await kv.put(bytes('a'), bytes('1'));
    const expected = { code: 'CONDITION_FAILED', details: { currentRevision: revision, mayHaveHappened: false } };
    await assert.rejects(kv.delete(bytes('a'), { ifAbsent: true }), expected);
    const results = await kv.batch([
      { kind: 'delete', key: bytes('a'), ifAbsent: true },
      { kind: 'delete', key: bytes('b'), ifAbsent: true },
    ]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ['failed', 'delete'],
    );
    assert.equal(await valueOf(kv, 'a'), '1');
  });

  suiteTest('an empty batch has no results', async (kv) => {
    assert.deepEqual(await kv.batch([]), []);
  });
}

/** Reads until `count` events have come, then leaves. */
async function eventsOf(watch: Watch, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { events, revision } of watch.batches) {
    for (const { type, kv, prevKv } of events) {
      assert.ok(kv.modRevision <= revision);
      const before = prevKv === undefined ? '' : ` before ${text(prevKv.value)}`;
      lines.push(`${kv.modRevision} ${type} ${text(kv.key)} ${text(kv.value)}${before}`.trimEnd());
    }
    if (lines.length >= count) break;
  }
  return lines;
}

function watchTests(suiteTest: SuiteTest): void {
  suiteTest('R11: a watch without a revision sees what comes after it, in order, once', async (kv) => {
    const { revision } = await kv.put(bytes('a'), bytes('0'));
    const watch = await kv.watch({ prefix: bytes('a'), prevKv: true });
    assert.equal(watch.fromRevision, revision + 1);
    await kv.put(bytes('a'), bytes('1'));
    await kv.put(bytes('b'), bytes('1'));
    await kv.delete(bytes('a'));
    await kv.put(bytes('ab'), bytes('2'));
    assert.deepEqual(await eventsOf(watch, 3), [
      `${revision + 1} put a 1 before 0`,
      `${revision + 3} delete a  before 1`,
      `${revision + 4} put ab 2`,
    ]);
  });

  suiteTest('R11: a watch resumes at the revision after its last, also at one that is not written yet', async (kv) => {
    const revisions: number[] = [];
    for (const value of ['1', '2', '3']) revisions.push((await kv.put(bytes('a'), bytes(value))).revision);
    const [first = 0, second = 0, third = 0] = revisions;
    assert.deepEqual(await eventsOf(await kv.watch({ fromRevision: first }), 3), [
      `${first} put a 1`,
      `${second} put a 2`,
      `${third} put a 3`,
    ]);
    const later = await kv.watch({ key: bytes('a'), fromRevision: third + 2 });
    const events = eventsOf(later, 1);
    await kv.put(bytes('a'), bytes('4'));
    await kv.put(bytes('a'), bytes('5'));
    assert.deepEqual(await events, [`${third + 2} put a 5`]);
  });

  suiteTest('R11: a watch of what was compacted away is refused with the compact revision', async (kv) => {
    for (const value of ['1', '2', '3', '4']) await kv.put(bytes('a'), bytes(value));
    const { revision } = await kv.get(bytes('a'));
    await kv.compact(revision - 1);
    const details = { field: 'fromRevision', compactRevision: revision - 1 };
    await assert.rejects(kv.watch({ fromRevision: revision - 2 }), { code: 'COMPACTED', details });
    assert.deepEqual(await eventsOf(await kv.watch({ fromRevision: revision - 1 }), 2), [
      `${revision - 1} put a 3`,
      `${revision} put a 4`,
    ]);
  });

  suiteTest('R11: filters; progress when asked; a close that ends the reading', async (kv) => {
    const deletes = await kv.watch({ range: { start: bytes('a'), end: bytes('c') }, only: 'delete' });
    for (const key of ['a', 'c']) {
      await kv.put(bytes(key), bytes('1'));
      await kv.delete(bytes(key));
    }
    const { revision } = await kv.get(bytes('a'));
    assert.deepEqual(await eventsOf(deletes, 1), [`${revision - 2} delete a`]);
    const idle = await kv.watch({ key: bytes('nothing') });
    const reader = idle.batches[Symbol.asyncIterator]();
    const progress = reader.next();
    idle.requestProgress();
    assert.deepEqual(await progress, { done: false, value: { revision, events: [], isFragment: false } });
    const end = reader.next();
    idle.close();
    assert.deepEqual(await end, { done: true, value: undefined });
  });
}
