import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ClientError } from './errors.js';
import { type ClientOptions, resolveClientOptions } from './options.js';
import { parseTarget } from './target.js';

const fieldOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ClientError && error.code === 'INVALID_ARGUMENT', String(error));
    return error.field;
  }
  return undefined;
};

test('S4: each number has a range, and a refusal names the option and its value', () => {
  const ranges: [keyof ClientOptions, number, number][] = [
    ['timeoutMs', 1, 3_600_000],
    ['attemptTimeoutMs', 1, 60_000],
    ['connectTimeoutMs', 1, 3_600_000],
    ['dialTimeoutMs', 1, 60_000],
    ['keepaliveMs', 1_000, 3_600_000],
    ['maxBatchOperations', 1, 1_000],
    ['maxBatchesInFlight', 1, 1_000],
    ['connectionsPerServer', 1, 16],
    ['refreshMs', 100, 3_600_000],
  ];
  for (const [name, min, max] of ranges) {
    for (const value of [min, max]) assert.equal(resolveClientOptions({ [name]: value })[name], value);
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN]) {
      assert.equal(
        fieldOf(() => resolveClientOptions({ [name]: value })),
        name,
        `${name} ${value}`,
      );
    }
  }
  assert.throws(
    () => resolveClientOptions({ refreshMs: 99 }),
    /refreshMs is 99; allowed are integers from 100 to 3600000/,
  );
});

test('S4: unknown options and wrong kinds are refused; undefined is the default', () => {
  const rows: [object, string][] = [
    [{ timeout: 5 }, 'timeout'],
    [{ session: 1 }, 'session'],
    [{ zone: '' }, 'zone'],
    [{ keyspace: 5 }, 'keyspace'],
  ];
  for (const [options, field] of rows)
    assert.equal(
      fieldOf(() => resolveClientOptions(options)),
      field,
    );
  assert.equal(resolveClientOptions(JSON.parse('{}')).timeoutMs, 10_000);
});

test('targets: schemes, lists, ports, IPv6', () => {
  const rows: [string | string[], string[]][] = [
    ['kvorum://a,b:1', ['a:2379', 'b:1']],
    ['kvorum://a/', ['a:2379']],
    ['a:1,b:1,a:1', ['a:1', 'b:1']],
    [
      ['kvorum://a:1', 'b'],
      ['a:1', 'b:2379'],
    ],
    ['[::1]:5', ['[::1]:5']],
    [' 10.0.0.1 , x.example ', ['10.0.0.1:2379', 'x.example:2379']],
  ];
  for (const [target, expected] of rows) assert.deepEqual(parseTarget(target), expected);
  for (const target of ['', 'kvorum://', 'http://a', 'a:0', 'a:65536', 'a:x', 'u@a', '::1', 'a b', []]) {
    assert.equal(
      fieldOf(() => parseTarget(target)),
      'target',
      JSON.stringify(target),
    );
  }
});

test('docs/client.md tells options, defaults and ranges as the code has them', () => {
  const page = readFileSync(new URL('../../../../docs/client.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\S*?) ?\| (?:(\d+) – (\d+))? ?\|/gm)];
  const defaults = resolveClientOptions({});
  const told = rows.map(([, name = '', otherwise = '']) => [name, otherwise.replaceAll('`', '')]);
  const inCode = Object.entries(defaults).map(([name, value]) => [name, value === undefined ? '' : String(value)]);
  assert.deepEqual(Object.fromEntries(told), Object.fromEntries(inCode));
  for (const [, name = '', , min, max] of rows) {
    if (min === undefined) continue;
    for (const value of [Number(min) - 1, Number(max) + 1]) {
      assert.equal(
        fieldOf(() => resolveClientOptions({ [name]: value })),
        name,
      );
    }
    assert.deepEqual(
      [min, max].map((value) => fieldOf(() => resolveClientOptions({ [name]: Number(value) }))),
      [undefined, undefined],
    );
  }
});
