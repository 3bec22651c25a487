import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCompact, encodePut } from '@kvorum/core/kv/command.js';
import { buildBatch } from '@kvorum/core/kv/entry-codec.js';
import { EMPTY_STORE } from '@kvorum/core/kv/ports.js';
import { createStateMachine } from '@kvorum/core/kv/state-machine.js';
import { ManualClock } from '../env/testing/manual-clock.js';
import type { LeaseHold } from '../shard/reads/leader-lease.js';
import type { FailureReason } from '../shard/outcome.js';
import type { ShardAccess } from '../shard/shard-access.js';
import type { KeyValue, Listing } from './kv-service.js';
import { listPinMsMax, ShardKvService } from './shard-kv-service.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A service over one state machine: reads are allowed at once, commands are applied at once. */
class Rig {
  readonly clock = new ManualClock();
  machine = createStateMachine({ store: EMPTY_STORE });
  unreadable: FailureReason | undefined;
  stalenessMs: number | undefined;
  /** Leases under which reads are begun, one after the other; then none. */
  holds: LeaseHold[] = [];
  /** Of each barrier, whether it could have used a lease. */
  readonly barriers: boolean[] = [];
  readonly service: ShardKvService;

  constructor() {
    const shard: ShardAccess = {
      propose: () => assert.fail('no command is expected'),
      readBarrier: (_timeoutMs, onReady, mayUseLease) => {
        this.barriers.push(mayUseLease);
        const hold = mayUseLease ? this.holds.shift() : undefined;
        queueMicrotask(() => onReady(undefined, hold));
      },
      machine: () => this.unreadable ?? this.machine,
      stalenessMs: () => this.stalenessMs,
      isInTouch: () => true,
      onChange: () => () => undefined,
      foundCorrupt: () => undefined,
      openBackup: () => Promise.resolve('catchingUp'),
    };
    this.service = new ShardKvService({ shard, clock: this.clock }, { requestTimeoutMs: 1000 });
    for (let key = 0; key < 3000; key += 1) this.apply(encodePut(bytes(`key${key}`), bytes('value')));
  }

  apply(command: Uint8Array): void {
    const { machine } = this;
    machine.apply(buildBatch({ shardTimeMs: 0, wallClockMs: 0 }, [command]), machine.appliedIndex + 1, 1);
  }

  /** Whether physical compaction comes to its end. */
  canCompact(): boolean {
    for (let slice = 0; slice < 1000 && this.machine.isCompacting; slice += 1) this.machine.compactSlice();
    return !this.machine.isCompacting;
  }
}

async function restOf(pages: AsyncIterator<readonly KeyValue[]>): Promise<number> {
  let rows = 0;
  for (let page = await pages.next(); page.done !== true; page = await pages.next()) rows += page.value.length;
  return rows;
}

async function begun(rig: Rig): Promise<{ listing: Listing; pages: AsyncIterator<readonly KeyValue[]> }> {
  const listing = await rig.service.list();
  const pages = listing.pages[Symbol.asyncIterator]();
  await pages.next();
  return { listing, pages };
}

test('S9: a list keeps its revision from compaction for a while, also when nobody reads it, and not for ever', async () => {
  const rig = new Rig();
  const { pages } = await begun(rig);
  await rig.service.list();
  rig.apply(encodePut(bytes('key0'), bytes('newer')));
  rig.apply(encodeCompact(rig.machine.currentRevision));
  rig.clock.advance(listPinMsMax - 1);
  assert.equal(rig.canCompact(), false);
  rig.clock.advance(1);
  assert.equal(rig.canCompact(), true);
  await assert.rejects(restOf(pages), { code: 'COMPACTED' });
});

test('a list that was read to its end, left early or cut by the end of the node holds nothing', async () => {
  const rig = new Rig();
  const read = await begun(rig);
  assert.equal(await restOf(read.pages), 2000);
  const left = await begun(rig);
  await left.pages.return?.();
  await rig.service.list();
  rig.service.close();
  rig.apply(encodePut(bytes('key0'), bytes('newer')));
  rig.apply(encodeCompact(rig.machine.currentRevision));
  assert.equal(rig.canCompact(), true);
});

test('R15: a list over a state that a snapshot replaced ends with an error that says to try again', async () => {
  const rig = new Rig();
  const { pages } = await begun(rig);
  rig.machine = createStateMachine({ store: EMPTY_STORE });
  await assert.rejects(restOf(pages), { code: 'UNAVAILABLE' });
});

test('R17: a node that stopped, failed or is being caught up answers no read from what it has in memory', async () => {
  const rig = new Rig();
  const { pages } = await begun(rig);
  const cases = [
    ['stopping', 'STOPPED'],
    ['failed', 'STOPPED'],
    ['catchingUp', 'UNAVAILABLE'],
  ] as const;
  for (const [reason, code] of cases) {
    rig.unreadable = reason;
    await assert.rejects(rig.service.get(bytes('key1'), { consistency: 'serializable' }), { code });
    await assert.rejects(rig.service.list({ consistency: 'serializable' }), { code });
  }
  await assert.rejects(restOf(pages), { code: 'UNAVAILABLE' });
});

test('a list by prefix shows the keys below it, also for a prefix in a Buffer', async () => {
  const rig = new Rig();
  for (const prefix of [bytes('key299'), Buffer.from('key299')]) {
    assert.deepEqual(await rig.service.count({ prefix }), { count: 11, revision: rig.machine.currentRevision });
    const listing = await rig.service.list({ prefix });
    assert.equal(await restOf(listing.pages[Symbol.asyncIterator]()), 11);
  }
});

test('R28: a value read under a lease is answered when the lease is held after the read, else a round is asked for', async () => {
  const rig = new Rig();
  let reads = 0;
  const get = rig.machine.get.bind(rig.machine);
  rig.machine.get = (...args) => {
    reads += 1;
    return get(...args);
  };
  let readsWhenAsked = 0;
  const hold = (isHeld: boolean): LeaseHold => ({
    isHeld: () => {
      readsWhenAsked = reads;
      return isHeld;
    },
  });
  rig.holds = [hold(true)];
  assert.equal((await rig.service.get(bytes('key1'))).kv?.version, 1);
  assert.deepEqual([reads, readsWhenAsked, rig.barriers], [1, 1, [true]]);

  rig.holds = [hold(false)];
  assert.equal((await rig.service.get(bytes('key1'))).kv?.version, 1);
  assert.deepEqual([reads, readsWhenAsked, rig.barriers], [3, 2, [true, true, false]]);
});

test('R28: lists, counts and errors rest on a lease alike; a backup never does', async () => {
  const rig = new Rig();
  const lapsed: LeaseHold = { isHeld: () => false };
  rig.holds = [lapsed, lapsed, lapsed];
  const { pages } = await begun(rig);
  await pages.return?.();
  assert.equal((await rig.service.count()).count, 3000);
  await assert.rejects(rig.service.get(bytes('key1'), { revision: 1_000_000 }), { code: 'FUTURE_REVISION' });
  assert.deepEqual(rig.barriers, [true, false, true, false, true, false]);
  rig.apply(encodeCompact(2000));
  assert.ok(rig.canCompact(), 'what was pinned in vain was let go');
  await assert.rejects(rig.service.backup());
  assert.equal(rig.barriers.at(-1), false);
});

test('a read with a bound for its age is answered at once or refused with what is known, and asks nobody', async () => {
  const rig = new Rig();
  const bounded = { consistency: 'maxStaleness', maxStalenessMs: 100 } as const;
  const cases: readonly (readonly [known: number | undefined, says: RegExp | undefined])[] = [
    [undefined, /nothing is known of the age of this node's state; at most 100 ms are allowed/],
    [0, undefined],
    [100, undefined],
    [100.5, /this node's state may be 101 ms old; at most 100 ms are allowed/],
  ];
  for (const [known, message] of cases) {
    rig.stalenessMs = known;
    for (const read of [() => rig.service.get(bytes('key1'), bounded), () => rig.service.count(bounded)]) {
      if (message === undefined) await read();
      else {
        const details = { field: 'maxStalenessMs' };
        await assert.rejects(read(), { code: 'UNAVAILABLE', retryable: true, message, details });
      }
    }
  }
  assert.deepEqual(rig.barriers, []);
  rig.stalenessMs = 0;
  rig.unreadable = 'corrupt';
  await assert.rejects(rig.service.get(bytes('key1'), bounded), { code: 'CORRUPT' });
});
