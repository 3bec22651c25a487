import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { checkText } from './check-text.js';
import { HistoryError } from './history-error.js';

const FILE_SECONDS_MAX = 5;
/** The package's folder; tests run from `dist/linearizability`. */
const packageFolder = fileURLToPath(new URL('../../', import.meta.url));
const ownFiles = join(packageFolder, 'testdata', 'histories');
const shared = process.env['KVORUM_SHARED'] ?? join(packageFolder, '..', '..', '..', 'shared');
const sharedFiles = join(shared, 'linearizability');

/** Checks each file named in the folder's verdicts.txt and returns how many there are. */
function checkVerdicts(folder: string, isWhole: (name: string) => boolean): number {
  const lines = readFileSync(join(folder, 'verdicts.txt'), 'utf8').trim().split('\n');
  for (const line of lines) {
    const [name = '', expected] = line.split(' ');
    const text = readFileSync(join(folder, name), 'utf8');
    const started = performance.now();
    const { verdict, reason } = checkText(text);
    assert.equal(verdict, expected, `${name}: ${reason}`);
    if (isWhole(name)) assert.equal(checkText(text, { isWhole: true }).verdict, expected, `${name} as a whole`);
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds <= FILE_SECONDS_MAX, `${name} took ${seconds} s`);
  }
  return lines.length;
}

test('R8: our own histories get their verdicts, by key and whole', () => {
  assert.equal(
    checkVerdicts(ownFiles, () => true),
    13,
  );
});

const absent = existsSync(sharedFiles) ? false : `no histories at ${sharedFiles} (set KVORUM_SHARED)`;
test('R8: the public histories get their verdicts', { skip: absent }, () => {
  assert.ok(checkVerdicts(sharedFiles, (name) => name.startsWith('kv/')) >= 64);
});

test('the reason names the key and the operation that no order gets past', () => {
  const { reason } = checkText(readFileSync(join(ownFiles, 'append-is-lost.txt'), 'utf8'));
  assert.equal(
    reason,
    'key "a": 2 operations can be ordered; no order gets past process 2 get "a" = y (lines 5–6); ' +
      'the longest order ends with process 1 append "a" y (lines 3–4)',
  );
});

const INVOKE = '{:process 0, :type :invoke, :f :read, :value nil}';
const REFUSED: readonly [string, number, string][] = [
  ['', 1, 'holds no operation'],
  ['INFO something else\n', 1, 'holds no operation'],
  ['INFO something else', 1, 'may be cut off'],
  [`${INVOKE}\nhello\n`, 2, 'not an event'],
  [`${INVOKE}\n${INVOKE}`, 2, 'asks before'],
  [INVOKE.replace('invoke', 'ok'), 1, 'did not ask'],
  [`${INVOKE}\n{:process 0, :type :ok, :f :write, :value 1}`, 2, 'answers the :read of line 1'],
  [INVOKE.replace('invoke', 'begin'), 1, 'unknown type'],
  [INVOKE.replace(':process 0', ':process "0"'), 1, ':process'],
  [INVOKE.replace(':f :read', ':f 1'), 1, ':f'],
  [INVOKE.replace(':read', ':scan'), 1, ':scan is not one of'],
  [INVOKE.replace(':read', ':get'), 1, 'needs a :key'],
  [INVOKE.replace(':read', ':cas').replace('nil', '[1]'), 1, '[old new]'],
  [INVOKE.slice(0, -4), 1, 'expected at character'],
  [`${INVOKE} 1`, 1, 'the end expected'],
  [`{:process 0, :type :invoke, :f :put, :key "a", :value 1}`, 1, 'a string expected'],
  [`{:process 0, :type :invoke, :f :put, :key "a", :value "\\q"}`, 1, 'one of'],
  [`{:process 0, :value ${'['.repeat(100_000)}`, 1, 'nesting'],
];

test('S1: what is no history is refused with its line', () => {
  for (const [text, line, message] of REFUSED) {
    assert.throws(
      () => checkText(text),
      (error) => error instanceof HistoryError && error.line === line && error.message.includes(message),
      `${text.slice(0, 80)}: ${message}`,
    );
  }
});

test('S1: a file that was cut off anywhere in its last line gets no verdict, unless nothing of the line is missing', () => {
  const logged = 'INFO  jepsen.util - 0\t:invoke\t:write\t12\nINFO  jepsen.util - 0\t:ok\t:write\t';
  const cut = (error: unknown) => error instanceof HistoryError && error.line === 2;
  for (const end of ['', '1', '12', '12\r']) assert.throws(() => checkText(logged + end), cut, end);
  assert.equal(checkText(`${logged}12\n`).verdict, 'linearizable');
  for (let length = 'INFO'.length; length < logged.length; length += 1) {
    if (length > logged.indexOf('\n') + 1) assert.throws(() => checkText(logged.slice(0, length)), cut, `${length}`);
  }
  const swap = '\nINFO  jepsen.util - 0\t:invoke\t:cas\t[12 3]';
  assert.equal(checkText(`${logged}12${swap}`).verdict, 'linearizable');
  assert.equal(checkText(`${INVOKE}\n{:process 0, :type :ok, :f :read, :value nil}`).verdict, 'linearizable');
  const half = `${INVOKE}\n{:process 0, :type :ok, :f :read, :value 1`;
  assert.throws(() => checkText(half), cut);
});

test('S1: any text is a history with a verdict, or refused with a line', () => {
  const lines = [INVOKE, `{:process 0, :type :ok, :f :read, :value nil}`, 'INFO  jepsen.util - 0\t:ok\t:write\t12'];
  const damaged = fc.tuple(fc.constantFrom(...lines), fc.nat(60), fc.string({ maxLength: 4 }), fc.nat(5));
  const line = fc.oneof(
    damaged.map(([text, at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut)),
    fc.constantFrom(...lines),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (some) => {
      try {
        assert.ok(['linearizable', 'not-linearizable', 'unknown'].includes(checkText(some.join('\n')).verdict));
      } catch (error) {
        assert.ok(error instanceof HistoryError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
