import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkHistory, DEFAULT_BOUNDS } from './check.js';
import { keyedModel } from './keyed-model.js';
import { type KvInput, type KvOutput, kvModel } from './kv-model.js';
import type { Model, Operation } from './model.js';
import { type RegisterInput, type RegisterOutput, registerModel } from './register-model.js';
import { searchOrder } from './search.js';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/** Tries every order there is, without any shortcut. */
function isLinearizable<State extends NonNullable<unknown>, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  state: State = model.initial,
): boolean {
  const firstReturn = Math.min(...operations.map((operation) => operation.return));
  if (firstReturn === Infinity) return true;
  return operations.some((operation, index) => {
    if (operation.call > firstReturn) return false;
    const next = model.step(state, operation.input, operation.output);
    return next !== undefined && isLinearizable(model, operations.toSpliced(index, 1), next);
  });
}

/** Operations at random times of a small span; the process plays no part in the check. */
function operationsOf<Input, Output>(
  asked: fc.Arbitrary<{ input: Input; output: Output | undefined }>,
): fc.Arbitrary<Operation<Input, Output>[]> {
  const times = fc.tuple(fc.integer({ min: 0, max: 16 }), fc.integer({ min: 0, max: 8 }));
  const operation = fc.tuple(asked, times, fc.boolean()).map(([{ input, output }, [call, length], isOpen]) => ({
    process: 'p',
    input,
    output,
    call,
    return: output === undefined && isOpen ? Infinity : call + length,
  }));
  return fc.array(operation, { maxLength: 7 });
}

const value = fc.constantFrom('1', '2', '3');
const registerAsked = fc.oneof(
  value.map((output) => ({ input: { kind: 'read' } as const, output })),
  fc.tuple(value, fc.constantFrom(true, undefined)).map(([to, output]) => ({
    input: { kind: 'write', value: to } as const,
    output,
  })),
  fc.tuple(value, value, fc.constantFrom(true, false, undefined)).map(([from, to, output]) => ({
    input: { kind: 'cas', from, to } as const,
    output,
  })),
);

test('R8: random small histories of a register get the verdict of a search through all orders', () => {
  const model = registerModel('1');
  const seen = { true: 0, false: 0 };
  fc.assert(
    fc.property(operationsOf<RegisterInput, RegisterOutput>(registerAsked), (operations) => {
      const expected = isLinearizable(model, operations);
      seen[`${expected}`] += 1;
      assert.equal(checkHistory(model, operations).verdict, expected ? 'linearizable' : 'not-linearizable');
    }),
    { numRuns: 4000 },
  );
  assert.ok(seen.true > 400 && seen.false > 400, `both verdicts must be frequent: ${JSON.stringify(seen)}`);
});

const key = fc.constantFrom('a', 'b');
const kvAsked = fc.oneof(
  fc.tuple(key, fc.constantFrom('', 'x', 'y', 'xy', 'yx')).map(([k, output]) => ({
    input: { kind: 'get', key: k, value: '' } as const,
    output,
  })),
  fc
    .tuple(fc.constantFrom('put', 'append'), key, fc.constantFrom('x', 'y'), fc.constantFrom('', undefined))
    .map(([kind, k, text, output]) => ({ input: { kind, key: k, value: text } as const, output })),
);

test('R8: random small histories of two keys get one verdict whole, by key, and through all orders', () => {
  const whole = keyedModel(kvModel, (input: KvInput) => input.key);
  fc.assert(
    fc.property(operationsOf<KvInput, KvOutput>(kvAsked), (operations) => {
      const expected = isLinearizable(whole, operations) ? 'linearizable' : 'not-linearizable';
      assert.equal(checkHistory(whole, operations).verdict, expected);
      assert.equal(checkHistory(kvModel, operations, { partOf: (input) => input.key }).verdict, expected);
    }),
    { numRuns: 3000 },
  );
});

/** A history made by executing operations one by one at moments inside their spans; some answers get lost. */
function executed(seeds: readonly [number, number, number, number][]): RegisterOperation[] {
  let state = '0';
  return seeds.map(([kind, number, before, after], moment) => {
    const text = `${number % 5}`;
    const span = { process: 'p', call: moment - before / 10, return: after > 95 ? Infinity : moment + after / 10 };
    const isOpen = span.return === Infinity;
    if (kind === 0 && !isOpen) return { ...span, input: { kind: 'read' }, output: state };
    if (kind === 1) {
      const isSwapped = state === text;
      if (isSwapped) state = `${number % 3}`;
      return {
        ...span,
        input: { kind: 'cas', from: text, to: `${number % 3}` },
        output: isOpen ? undefined : isSwapped,
      };
    }
    state = text;
    return { ...span, input: { kind: 'write', value: text }, output: isOpen ? undefined : true };
  });
}

/** Asserts that the order keeps real time, explains every answer and leaves out open operations at most. */
function assertIsOrder(operations: readonly RegisterOperation[], order: readonly number[]): void {
  const model = registerModel('0');
  const left = new Set(operations);
  let state = model.initial;
  for (const index of order) {
    const operation = operations[index];
    assert.ok(operation !== undefined && left.has(operation));
    assert.ok([...left].every((other) => other.return >= operation.call));
    const next = model.step(state, operation.input, operation.output);
    assert.ok(next !== undefined);
    state = next;
    left.delete(operation);
  }
  assert.ok([...left].every((operation) => operation.return === Infinity));
}

const seeds = fc.tuple(fc.nat(2), fc.nat(99), fc.nat(100), fc.nat(100));

test('R8: histories of executed operations are linearizable, and the order found is one', () => {
  fc.assert(
    fc.property(fc.array(seeds, { minLength: 100, maxLength: 200 }), (list) => {
      const operations = executed(list).sort((a, b) => a.call - b.call);
      const { verdict, order } = searchOrder(registerModel('0'), operations, DEFAULT_BOUNDS);
      assert.equal(verdict, 'linearizable');
      assertIsOrder(operations, order);
    }),
    { numRuns: 100 },
  );
});

test('R8: a value that was never written is found in a long history, with the read that shows it', () => {
  const operations = executed(Array.from({ length: 400 }, (_, index) => [index % 3, (index * 7) % 100, 30, 40]));
  const place = operations.findLastIndex(({ input }) => input.kind === 'read');
  const read = operations[place];
  assert.ok(read !== undefined);
  const wrong = { ...read, output: 'never written' };
  const { verdict, finding } = checkHistory(registerModel('0'), operations.with(place, wrong));
  assert.equal(verdict, 'not-linearizable');
  assert.equal(finding?.blockedBy, wrong);
  assert.ok((finding?.order.length ?? 0) > place - 10);
});

function write(text: string, call: number): RegisterOperation {
  return { process: 'p', input: { kind: 'write', value: text }, output: true, call, return: 1000 };
}

test('a search that crosses a bound says unknown and which bound; a part that is wrong wins over one that is unknown', () => {
  const model = registerModel('0');
  const never: RegisterOperation = { process: 'p', input: { kind: 'read' }, output: 'x', call: 0, return: 999 };
  const hard = [...Array.from({ length: 24 }, (_, index) => write(`${index}`, index)), never];
  const check = (bounds: object): unknown[] => {
    const { verdict, finding } = checkHistory(model, hard, { bounds });
    return [verdict, finding?.bound];
  };
  assert.deepEqual(check({ configurationsMax: 5000 }), ['unknown', 'configurations']);
  assert.deepEqual(check({ memoBytesMax: 100_000 }), ['unknown', 'memory']);
  assert.deepEqual(check({ isOverdue: () => true }), ['unknown', 'time']);

  const hardPut = (index: number): Operation<KvInput, KvOutput> => {
    return {
      process: 'p',
      input: { kind: 'put', key: 'hard', value: `${index}` },
      output: '',
      call: index,
      return: 1000,
    };
  };
  const get = (k: string, output: string, returned: number): Operation<KvInput, KvOutput> => {
    return { process: 'p', input: { kind: 'get', key: k, value: '' }, output, call: 0, return: returned };
  };
  const parts = [
    ...Array.from({ length: 24 }, (_, index) => hardPut(index)),
    get('hard', 'x', 999),
    get('bad', 'x', 5),
  ];
  const result = checkHistory(kvModel, parts, { partOf: (input) => input.key, bounds: { configurationsMax: 5000 } });
  assert.equal(result.verdict, 'not-linearizable');
  assert.equal(result.finding?.part, 'bad');
});

test('open writes of equal values do not multiply the search', () => {
  const open = Array.from({ length: 60 }, (_, index) => ({
    ...write(`${index % 3}`, index),
    output: undefined,
    return: Infinity,
  }));
  const reads = Array.from({ length: 40 }, (_, index): RegisterOperation => {
    return { process: 'r', input: { kind: 'read' }, output: `${index % 4}`, call: 100 + index, return: 100.5 + index };
  });
  const { verdict, configurations } = checkHistory(registerModel('9'), [...open, ...reads]);
  assert.equal(verdict, 'not-linearizable');
  assert.ok(configurations < 5000, `${configurations} configurations`);
});

test('an operation that returns before its call is refused', () => {
  assert.throws(() => checkHistory(registerModel('0'), [{ ...write('1', 5), return: 4 }]), RangeError);
});
