/** What every {@link RevisionStore} must do; run against LMDB and memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRevisionKey } from '@kvorum/core/kv/revision.js';
import { type RevisionStore, StoreError, type StorePut, type StoreRows } from '../revision-store.js';

/** A place for one store. */
export interface StoreUnderTest {
  /** Opens the store; again after a close, with the same content. */
  open(): Promise<RevisionStore>;
  dispose(): Promise<void>;
}

/** A record whose bytes tell its revision. */
export function recordOf(main: number, sub: number, length = 20): Uint8Array {
  const record = new Uint8Array(length).fill((main * 31 + sub) & 0xff);
  record.set(encodeRevisionKey(main, sub));
  return record;
}

/** A put of {@link recordOf}. */
export const putOf = (main: number, sub = 0, length = 20): StorePut => ({
  key: encodeRevisionKey(main, sub),
  record: recordOf(main, sub, length),
});

/** A meta row that tells a number. */
export const metaOf = (value: number): Uint8Array => encodeRevisionKey(value, 0);

/** All revisions of a store or snapshot as `main.sub`, each record checked. */
export function revisionsOf(rows: StoreRows, main = 0, sub = 0, limit = Number.MAX_SAFE_INTEGER): string[] {
  const revisions: string[] = [];
  rows.scan(main, sub, (atMain, atSub, record) => {
    assert.deepEqual(record.slice(0, 12), encodeRevisionKey(atMain, atSub));
    revisions.push(`${atMain}.${atSub}`);
    return revisions.length < limit;
  });
  return revisions;
}

const commit = (store: RevisionStore, meta: number, puts: Iterable<StorePut>, deletes: Iterable<Uint8Array> = []) =>
  store.commit({ puts, deletes, meta: metaOf(meta) });

const hasCode = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code;

type Check = (title: string, run: (store: RevisionStore, subject: StoreUnderTest) => Promise<void>) => void;

/** Registers the tests under `name`. */
export function testRevisionStore(name: string, start: () => Promise<StoreUnderTest>): void {
  const check: Check = (title, run) => {
    test(`${name}: ${title}`, async () => {
      const subject = await start();
      const store = await subject.open();
      try {
        await run(store, subject);
      } finally {
        await store.close();
        await subject.dispose();
      }
    });
  };
  testReads(check);
  testCommits(check);
  testLife(check);
}

function testReads(check: Check): void {
  check('an empty store has no meta and no rows', async (store) => {
    assert.equal(store.readMeta(), undefined);
    assert.equal(store.get(1, 0), undefined);
    assert.deepEqual(revisionsOf(store), []);
    const snapshot = store.openSnapshot();
    assert.equal(snapshot.meta, undefined);
    assert.deepEqual(revisionsOf(snapshot), []);
    snapshot.close();
  });

  check('rows come in revision order, also above 2^32', async (store) => {
    const high = 2 ** 32 + 5;
    const last = 2 ** 53 - 1;
    const puts = [putOf(high, 1), putOf(300), putOf(2, 1), putOf(2, 0), putOf(last), putOf(high), putOf(255)];
    await commit(store, 1, puts);
    assert.deepEqual(revisionsOf(store), ['2.0', '2.1', '255.0', '300.0', `${high}.0`, `${high}.1`, `${last}.0`]);
    assert.deepEqual(revisionsOf(store, 2, 1, 2), ['2.1', '255.0']);
    assert.deepEqual(revisionsOf(store, 301, 0, 1), [`${high}.0`]);
    assert.deepEqual(store.get(high, 1)?.slice(), recordOf(high, 1));
    assert.equal(store.get(high, 2), undefined);
  });

  check('what a resolved commit wrote is there for get, scan and snapshot', async (store) => {
    for (let main = 1; main <= 50; main += 1) {
      assert.equal(store.get(main, 0), undefined);
      await commit(store, main, [putOf(main)]);
      assert.deepEqual(store.get(main, 0)?.slice(), recordOf(main, 0));
      assert.deepEqual(store.readMeta(), metaOf(main));
      const snapshot = store.openSnapshot();
      assert.deepEqual(snapshot.meta, metaOf(main));
      assert.equal(revisionsOf(snapshot).length, main);
      snapshot.close();
    }
  });

  check('a snapshot keeps its commit while others go on', async (store) => {
    await commit(store, 1, [putOf(1), putOf(2), putOf(3)]);
    const snapshot = store.openSnapshot();
    await commit(store, 2, [putOf(4)], [encodeRevisionKey(1, 0)]);
    const second = store.openSnapshot();
    await commit(store, 3, [putOf(5)], [encodeRevisionKey(2, 0)]);
    assert.deepEqual(revisionsOf(snapshot, 0, 0, 1), ['1.0']);
    assert.deepEqual(revisionsOf(snapshot, 1, 1), ['2.0', '3.0']);
    assert.deepEqual([snapshot.meta, revisionsOf(snapshot)], [metaOf(1), ['1.0', '2.0', '3.0']]);
    assert.deepEqual([second.meta, revisionsOf(second)], [metaOf(2), ['2.0', '3.0', '4.0']]);
    assert.deepEqual([store.readMeta(), revisionsOf(store)], [metaOf(3), ['3.0', '4.0', '5.0']]);
    snapshot.close();
    snapshot.close();
    assert.deepEqual(revisionsOf(second), ['2.0', '3.0', '4.0']);
    second.close();
  });
}

function testCommits(check: Check): void {
  check('R9: puts, deletes and meta are one transaction, deletes after puts', async (store) => {
    await commit(store, 1, [putOf(1), putOf(2)]);
    const deletes = [encodeRevisionKey(1, 0), encodeRevisionKey(4, 0), encodeRevisionKey(99, 0)];
    await commit(store, 2, [putOf(3), putOf(4)], deletes);
    assert.deepEqual(revisionsOf(store), ['2.0', '3.0']);
    let isDone = false;
    const pending = commit(store, 3, manyPuts(10, 3_000)).then(() => {
      isDone = true;
    });
    // Nothing, or everything: looked at in many turns while the commit is on its way.
    while (!isDone) {
      const snapshot = store.openSnapshot();
      const rows = revisionsOf(snapshot).length;
      assert.ok(rows === 2 || rows === 3_002, `${rows} rows`);
      assert.deepEqual(snapshot.meta, metaOf(rows === 2 ? 2 : 3));
      snapshot.close();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await pending;
    assert.equal(revisionsOf(store).length, 3_002);
  });

  check('R9: a batch whose rows fail to be produced changes nothing', async (store) => {
    await commit(store, 1, [putOf(1)]);
    const broken = function* (): Iterable<StorePut> {
      yield putOf(2);
      throw new RangeError('no more');
    };
    await assert.rejects(commit(store, 2, broken()), RangeError);
    await assert.rejects(commit(store, 2, [putOf(2), { key: new Uint8Array(11), record: recordOf(3, 0) }]), /12 bytes/);
    await assert.rejects(
      commit(store, 2, [putOf(2), { key: encodeRevisionKey(3, 0), record: new Uint8Array() }]),
      /size/,
    );
    await commit(store, 3, [putOf(4)]);
    assert.deepEqual(revisionsOf(store), ['1.0', '4.0']);
  });

  check('large records and large batches; one key buffer serves all puts', async (store) => {
    const key = new Uint8Array(12);
    const reused = function* (): Iterable<StorePut> {
      for (const put of manyPuts(1, 2_000)) {
        key.set(put.key);
        yield { key, record: put.record };
      }
    };
    await commit(store, 1, reused());
    const large = 1_572_864;
    await commit(store, 2, [putOf(5_000, 0, large), putOf(5_001, 0, large)]);
    assert.equal(revisionsOf(store).length, 2_002);
    assert.deepEqual(store.get(5_001, 0)?.slice(), recordOf(5_001, 0, large));
    assert.deepEqual(store.get(7, 0)?.slice(), recordOf(7, 0), 'small after large');
    assert.ok(store.sizeBytes() >= 2 * large);
  });

  check('a row put again has the new record; commits in one turn keep their order', async (store) => {
    const second = { key: encodeRevisionKey(1, 0), record: recordOf(1, 0, 30) };
    await Promise.all([commit(store, 1, [putOf(1)]), commit(store, 2, [second])]);
    assert.deepEqual([store.get(1, 0)?.slice(), store.readMeta()], [recordOf(1, 0, 30), metaOf(2)]);
    await commit(store, 3, []);
    assert.deepEqual([revisionsOf(store), store.readMeta()], [['1.0'], metaOf(3)]);
  });
}

function testLife(check: Check): void {
  check('close waits for commits and snapshots and refuses new ones', async (store) => {
    await commit(store, 1, [putOf(1)]);
    const snapshot = store.openSnapshot();
    const pending = commit(store, 2, [putOf(2)]);
    const order: string[] = [];
    const closing = store.close().then(() => order.push('closed'));
    assert.throws(() => store.get(1, 0), hasCode('STORE_CLOSED'));
    assert.throws(() => store.openSnapshot(), hasCode('STORE_CLOSED'));
    await assert.rejects(commit(store, 3, [putOf(3)]), hasCode('STORE_CLOSED'));
    await pending;
    assert.deepEqual(revisionsOf(snapshot), ['1.0']);
    order.push('last read');
    snapshot.close();
    await closing;
    assert.deepEqual(order, ['last read', 'closed']);
    await store.close();
  });

  check('opened again it has what was committed', async (store, subject) => {
    await commit(store, 1, manyPuts(1, 100), [encodeRevisionKey(50, 0)]);
    await store.close();
    const again = await subject.open();
    assert.deepEqual(again.readMeta(), metaOf(1));
    assert.equal(revisionsOf(again).length, 99);
    await again.close();
  });
}

function* manyPuts(from: number, count: number): Iterable<StorePut> {
  for (let main = from; main < from + count; main += 1) yield putOf(main);
}
