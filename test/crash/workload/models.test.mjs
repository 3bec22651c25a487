import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter } from './counter.mjs';
import { Ledger } from './ledger.mjs';
import { Race } from './race.mjs';
import { Register } from './register.mjs';

const kinds = (ledger) => [...ledger.problems.keys()];

/** A register with three acknowledged puts at revisions 2, 3 and 4, and a fourth operation under way. */
function written() {
  const ledger = new Ledger();
  const register = new Register('r', ledger);
  const operations = [2, 3, 4].map((revision, at) => {
    const operation = register.begin();
    register.acknowledge(operation, { revision, version: at + 1 });
    return operation;
  });
  return { ledger, register, operations, next: register.begin() };
}

const row = ({ value, revision, version }) => ({ value, modRevision: revision, version });

test('a register that shows its last acknowledged put is well', () => {
  const { ledger, register, operations, next } = written();
  register.fail(next);
  register.check(row(operations[2]));
  assert.deepEqual(kinds(ledger), []);
});

test('an older value, an absent key and a version that is too low are lost writes', () => {
  for (const shown of [1, undefined, 'low']) {
    const { ledger, register, operations, next } = written();
    register.fail(next);
    register.check(
      shown === undefined
        ? undefined
        : shown === 'low'
          ? { ...row(operations[2]), version: 2 }
          : row(operations[shown]),
    );
    assert.deepEqual(kinds(ledger), ['lost'], String(shown));
  }
  const { ledger, register, operations, next } = written();
  register.fail(next);
  register.check(row(operations[0]));
  assert.equal(ledger.lost.size, 2);
});

test('an unknown put may be there or not, and retires the register', () => {
  for (const isThere of [true, false]) {
    const { ledger, register, operations, next } = written();
    assert.equal(register.isRetired, false);
    register.leaveUnknown(next);
    assert.equal(register.isRetired, true);
    register.check(isThere ? { value: next.value, modRevision: 9, version: 4 } : row(operations[2]));
    assert.deepEqual(kinds(ledger), []);
  }
});

test('an unknown put that a read has shown must stay', () => {
  const { ledger, register, operations, next } = written();
  register.observe({ value: next.value, modRevision: 9, floor: register.floor });
  register.leaveUnknown(next);
  register.check(row(operations[2]));
  assert.deepEqual(kinds(ledger), ['lost']);
});

test('a put answered as not done must never be seen', () => {
  const stored = written();
  stored.register.fail(stored.next);
  stored.register.check({ value: stored.next.value, modRevision: 9, version: 4 });
  assert.deepEqual(kinds(stored.ledger), ['phantom']);
  const read = written();
  read.register.observe({ value: read.next.value, modRevision: 9, floor: read.register.floor });
  read.register.fail(read.next);
  assert.deepEqual(kinds(read.ledger), ['phantom']);
});

test('a read older than what was acknowledged before it began is stale', () => {
  const { ledger, register, operations } = written();
  register.observe({ value: operations[1].value, modRevision: 3, floor: 2 });
  assert.deepEqual(kinds(ledger), []);
  register.observe({ value: operations[1].value, modRevision: 3, floor: 3 });
  assert.deepEqual(kinds(ledger), ['stale']);
});

test('revisions are unique and grow in real time, and reads do not fall behind them', () => {
  const ledger = new Ledger();
  ledger.acknowledge({ key: 'a', value: 'x', revision: 5, before: 0 });
  ledger.acknowledge({ key: 'b', value: 'x', revision: 4, before: 0 });
  ledger.readAt({ key: 'a', revision: 5, before: 5 });
  assert.deepEqual(kinds(ledger), []);
  ledger.acknowledge({ key: 'b', value: 'x', revision: 5, before: 0 });
  assert.equal(ledger.problems.get('order').count, 1);
  ledger.acknowledge({ key: 'b', value: 'x', revision: 3, before: 5 });
  assert.equal(ledger.problems.get('order').count, 2);
  ledger.readAt({ key: 'a', revision: 4, before: 5 });
  assert.equal(ledger.problems.get('stale').count, 1);
});

test('two winners of a compare-and-set are noticed', () => {
  const ledger = new Ledger();
  const counter = new Counter('c', ledger);
  const attempts = [counter.begin(undefined), counter.begin(undefined)];
  counter.acknowledge(attempts[0], { revision: 2, version: 1 });
  assert.deepEqual(kinds(ledger), []);
  counter.acknowledge(attempts[1], { revision: 3, version: 2 });
  assert.deepEqual(kinds(ledger), ['twoWinners']);
});

test('a counter that falls back has lost writes', () => {
  const ledger = new Ledger();
  const counter = new Counter('c', ledger);
  const first = counter.begin(undefined);
  counter.acknowledge(first, { revision: 2, version: 1 });
  counter.acknowledge(counter.begin({ version: 1 }), { revision: 3, version: 2 });
  counter.check({ value: first.value, version: 1 });
  assert.deepEqual(kinds(ledger), ['lost']);
  assert.equal(ledger.lost.size, 1);
});

test('a key is created once, and stays', () => {
  const won = new Ledger();
  const race = new Race('k', won);
  const [first, second, third] = [race.begin(1), race.begin(2), race.begin(3)];
  race.acknowledge(first, { revision: 2 });
  race.fail(second);
  race.leaveUnknown(third);
  race.check({ value: first.value });
  assert.deepEqual(kinds(won), []);
  race.check(undefined);
  assert.equal(won.lost.size, 1);
  race.acknowledge(third, { revision: 3 });
  assert.deepEqual(kinds(won), ['lost', 'twoWinners']);
});

test('a creation that all nodes refused must not be there', () => {
  const ledger = new Ledger();
  const race = new Race('k', ledger);
  const [first, second] = [race.begin(1), race.begin(2)];
  race.fail(first);
  race.leaveUnknown(second);
  race.check(undefined);
  race.check({ value: second.value });
  assert.deepEqual(kinds(ledger), []);
  race.check({ value: first.value });
  assert.deepEqual(kinds(ledger), ['phantom']);
});
