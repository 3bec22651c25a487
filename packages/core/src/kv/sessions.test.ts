import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  encodeCloseSession,
  encodeDelete,
  encodeExpireSessions,
  encodeKeepSession,
  encodeOpenSession,
  encodePut,
  RANGE_END_OPEN,
  type SessionStamp,
} from './command.js';
import { buildBatch } from './entry-codec.js';
import { CorruptError } from './errors.js';
import type { Outcome } from './outcome.js';
import { EMPTY_STORE } from './ports.js';
import { SESSION_WINDOW } from './session-codec.js';
import { createStateMachine, type StateMachine } from './state-machine.js';
import { MemoryStore } from './testing/memory-store.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const OPTIONS = { ringBytesMax: 2 << 20, sliceKeysMax: 2 };

/** A replica and its store; time goes on by hand. */
class Bench {
  store = new MemoryStore();
  machine: StateMachine = this.store.open(OPTIONS);
  nowMs = 0;
  readonly log: Uint8Array[] = [];

  apply(...commands: Uint8Array[]): readonly Outcome[] {
    const entry = buildBatch({ shardTimeMs: this.nowMs, wallClockMs: 0 }, commands);
    this.log.push(entry);
    return applyEntry(this.machine, entry);
  }

  flush(): void {
    const cut = this.machine.cutFlush();
    this.store.commit(cut);
    this.machine.flushDone(cut);
  }

  /** What is not flushed is replayed. */
  restart(): void {
    this.machine = this.store.open(OPTIONS);
    for (const entry of this.log.slice(this.machine.appliedIndex)) applyEntry(this.machine, entry);
  }

  open(sessionsMax = 10): number {
    const [outcome] = this.apply(encodeOpenSession(sessionsMax));
    assert.equal(outcome?.kind, 'sessionOpened');
    return outcome.session;
  }

  put(session: number, sequence: number, value: string, firstUnacknowledged = 1): Outcome | undefined {
    return this.apply(
      encodePut(bytes('key'), bytes(value), { session: { session, sequence, firstUnacknowledged } }),
    )[0];
  }

  get value(): string | undefined {
    const row = this.machine.get(bytes('key'));
    return row === undefined ? undefined : Buffer.from(row.value).toString();
  }
}

function applyEntry(machine: StateMachine, entry: Uint8Array): readonly Outcome[] {
  let result = machine.apply(entry, machine.appliedIndex + 1, 1);
  while (result.status === 'more') result = machine.applyMore();
  return result.outcomes;
}

const refused = (reason: string, revision: number): unknown => ({ kind: 'sessionRefused', reason, revision });

test('R20: a write that is sent again is answered as the first time and changes nothing', () => {
  const bench = new Bench();
  const session = bench.open();
  const first = bench.put(session, 1, 'a');
  assert.deepEqual(first, { kind: 'put', revision: 2, createRevision: 2, version: 1 });
  bench.put(session, 2, 'b');
  assert.deepEqual(bench.put(session, 1, 'a'), first);
  assert.equal(bench.value, 'b');
  assert.equal(bench.machine.currentRevision, 3);
});

test('R20: a repeated compare-and-set, or delete, has the outcome of the first, whatever holds now', () => {
  const bench = new Bench();
  const id = bench.open();
  const stamp = (sequence: number): SessionStamp => ({ session: id, sequence, firstUnacknowledged: 1 });
  const create = encodePut(bytes('key'), bytes('a'), { ifAbsent: true, session: stamp(1) });
  const fail = encodePut(bytes('key'), bytes('b'), { ifModRevision: 9, session: stamp(2) });
  const remove = encodeDelete(bytes('key'), { session: stamp(3) });
  const removeAll = encodeDelete(bytes('a'), { rangeEnd: RANGE_END_OPEN, session: stamp(4) });
  const more = ['k1', 'k2', 'k3', 'k4', 'k5'].map((key) => encodePut(bytes(key), bytes('1')));
  const outcomes = bench.apply(create, fail, remove, ...more, removeAll);
  assert.deepEqual(
    [outcomes[0], outcomes[1], outcomes[2], outcomes.at(-1)],
    [
      { kind: 'put', revision: 2, createRevision: 2, version: 1 },
      { kind: 'conditionFailed', revision: 2, modRevision: 2 },
      { kind: 'delete', revision: 3, deleted: 1 },
      { kind: 'delete', revision: 9, deleted: 5 },
    ],
  );
  bench.apply(...more);
  assert.deepEqual(bench.apply(create, fail, remove, removeAll), [...outcomes.slice(0, 3), outcomes.at(-1)]);
  assert.equal(bench.machine.keyCount, 5);
});

test('R20: what is below the first unacknowledged sequence, or beyond the window, is refused and never executed', () => {
  const bench = new Bench();
  const session = bench.open();
  for (let sequence = 1; sequence <= 5; sequence += 1) bench.put(session, sequence, `${sequence}`);
  bench.put(session, 6, 'six', 4);
  const revision = bench.machine.currentRevision;
  assert.deepEqual(bench.put(session, 3, 'again'), refused('sequenceAcknowledged', revision));
  assert.equal(bench.put(session, 4, 'again')?.kind, 'put');
  assert.deepEqual(bench.put(session, 4 + SESSION_WINDOW, 'far'), refused('sequenceBeyondWindow', revision));
  assert.equal(bench.value, 'six');
  assert.equal(bench.put(session, 3 + SESSION_WINDOW, 'last in the window')?.kind, 'put');
});

test('R20: a session is unknown once it is closed or idle for too long, and none of its writes is executed then', () => {
  const bench = new Bench();
  const [idle, used, kept, closed] = [bench.open(), bench.open(), bench.open(), bench.open()];
  bench.apply(encodeCloseSession(closed));
  bench.nowMs = 999;
  bench.put(used, 1, 'a');
  bench.apply(encodeKeepSession(kept));
  assert.equal(bench.machine.hasIdleSessions(1_000, 999), false);
  bench.nowMs = 1_000;
  assert.equal(bench.machine.hasIdleSessions(1_000, 1_000), true);
  assert.deepEqual(bench.apply(encodeExpireSessions(1_000)), [{ kind: 'sessionsEnded', revision: 2, sessions: 1 }]);
  for (const gone of [idle, closed, 77]) {
    assert.deepEqual(bench.put(gone, 1, 'b'), refused('sessionExpired', 2));
    assert.deepEqual(bench.apply(encodeKeepSession(gone)), [refused('sessionExpired', 2)]);
    assert.deepEqual(bench.apply(encodeCloseSession(gone)), [{ kind: 'sessionsEnded', revision: 2, sessions: 0 }]);
  }
  assert.equal(bench.value, 'a');
  assert.equal(bench.machine.sessionCount, 2);
});

test('S9: at the limit of sessions opening is refused and none that lives is ended; ids are never given twice', () => {
  const bench = new Bench();
  const opened = bench.apply(encodeOpenSession(2), encodeOpenSession(2), encodeOpenSession(2));
  assert.deepEqual(opened[2], refused('tooManySessions', 1));
  const [first, second] = opened;
  assert.ok(first?.kind === 'sessionOpened' && second?.kind === 'sessionOpened' && first.session !== second.session);
  bench.apply(encodeCloseSession(first.session));
  assert.ok(![first.session, second.session].includes(bench.open(2)));
  assert.equal(bench.put(second.session, 1, 'a')?.kind, 'put');
});

test('R9, R20: sessions come back from the store they were flushed to, and from the log what was not', () => {
  const bench = new Bench();
  const session = bench.open();
  const first = bench.put(session, 1, 'a');
  bench.flush();
  const second = bench.put(session, 2, 'b');
  bench.restart();
  assert.equal(bench.machine.appliedIndex, 3);
  assert.deepEqual([bench.put(session, 1, 'x'), bench.put(session, 2, 'x')], [first, second]);
  bench.apply(encodeCloseSession(session));
  bench.flush();
  assert.equal(bench.store.open().sessionCount, 0);
});

test('R14: a flipped bit in the row of a session, or a lost row, is found when a store is opened', () => {
  const bench = new Bench();
  const session = bench.open();
  bench.put(session, 1, 'a');
  bench.flush();
  const [key, row] = [...bench.store.records].find(([name]) => name.startsWith('0000000000000000')) ?? [];
  assert.ok(key !== undefined && row !== undefined);
  for (let at = 0; at < row.length; at += 1) {
    const damaged = bench.store.fork();
    const copy = row.slice();
    copy[at] = (copy[at] ?? 0) ^ 4;
    damaged.records.set(key, copy);
    assert.throws(() => damaged.open(), CorruptError, `byte ${at}`);
  }
  const lossy = bench.store.fork();
  lossy.records.delete(key);
  assert.throws(() => lossy.open(), CorruptError);
});

/** What the model knows of a session; sessions are named by the order of their opening. */
interface ModelSession {
  first: number;
  usedAtMs: number;
  readonly outcomes: Map<number, Outcome>;
}

const stepArbitrary = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      session: fc.nat(5),
      sequence: fc.integer({ min: 1, max: 12 }),
      acknowledged: fc.nat(12),
      isDelete: fc.boolean(),
      isConditional: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), session: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

test('R9, R14, R20: random sessions are as a plain model has them, over flushes and restarts, with equal hashes on another replica', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 120, size: 'max' }), (steps) => {
      const bench = new Bench();
      const ids: number[] = [];
      const model = new Map<number, ModelSession>();
      for (const step of steps) {
        if (step.kind === 'flush') bench.flush();
        if (step.kind === 'restart') bench.restart();
        if (step.kind === 'wait') bench.nowMs += step.ms;
        if (step.kind === 'open' && model.size < 4) {
          const id = bench.open();
          ids.push(id);
          model.set(id, { first: 1, usedAtMs: bench.nowMs, outcomes: new Map() });
        }
        if (step.kind === 'expire') {
          bench.apply(encodeExpireSessions(100));
          for (const [id, { usedAtMs }] of model) if (usedAtMs + 100 <= bench.nowMs) model.delete(id);
        }
        if (step.kind !== 'write' && step.kind !== 'close') continue;
        const id = ids.at(-1 - step.session) ?? 1;
        if (step.kind === 'close') {
          bench.apply(encodeCloseSession(id));
          model.delete(id);
          continue;
        }
        const session = {
          session: id,
          sequence: step.sequence,
          firstUnacknowledged: Math.max(1, step.sequence - step.acknowledged),
        };
        const before = bench.machine.currentRevision;
        const command = step.isDelete
          ? encodeDelete(bytes('key'), { session })
          : encodePut(bytes('key'), bytes('v'), { session, ...(step.isConditional ? { ifAbsent: true } : {}) });
        const [outcome] = bench.apply(command);
        assert.ok(outcome !== undefined);
        checkWrite(model.get(id), session, outcome, bench, before);
      }
      const { machine, log } = bench;
      const other = createStateMachine({ store: EMPTY_STORE });
      for (const entry of log) applyEntry(other, entry);
      assert.equal(machine.sessionCount, model.size);
      assert.deepEqual(machine.stateHashes, other.stateHashes);
      bench.flush();
      assert.deepEqual(bench.store.open().stateHashes, other.stateHashes);
    }),
    { numRuns: 150, ...(process.env['FC_SEED'] === undefined ? {} : { seed: Number(process.env['FC_SEED']) }) },
  );
});

function checkWrite(
  known: ModelSession | undefined,
  stamp: SessionStamp,
  outcome: Outcome,
  bench: Bench,
  revisionBefore: number,
): void {
  const hasChanged = bench.machine.currentRevision !== revisionBefore;
  if (known === undefined) {
    assert.deepEqual(outcome, refused('sessionExpired', revisionBefore));
    assert.equal(hasChanged, false);
    return;
  }
  known.usedAtMs = bench.nowMs;
  known.first = Math.max(known.first, stamp.firstUnacknowledged);
  if (stamp.sequence < known.first) {
    assert.deepEqual(outcome, refused('sequenceAcknowledged', revisionBefore));
    assert.equal(hasChanged, false);
    return;
  }
  const stored = known.outcomes.get(stamp.sequence);
  if (stored !== undefined) {
    assert.deepEqual(outcome, stored);
    assert.equal(hasChanged, false);
    return;
  }
  assert.notEqual(outcome.kind, 'sessionRefused');
  known.outcomes.set(stamp.sequence, outcome);
}
