import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeDifference } from './difference.js';
import { parseScenario, ScenarioSyntaxError } from './parser.js';
import { runScenario } from './run.js';

/** The package's folder; tests run from `dist/raft/scenario`. */
const packageFolder = fileURLToPath(new URL('../../../', import.meta.url));
const ownFiles = join(packageFolder, 'testdata', 'raft');
const shared = process.env['KVORUM_SHARED'] ?? join(packageFolder, '..', '..', '..', 'shared');
const sharedFiles = join(shared, 'raft-scenarios');

function checkFiles(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.txt'));
  for (const name of names) {
    const results = runScenario(readFileSync(join(folder, name), 'utf8'));
    assert.ok(results.length > 0, `${name} holds no case`);
    for (const result of results) {
      assert.ok(result.isExact, `${name}:${result.line} ${result.directive}\n${describeDifference(result)}`);
    }
  }
  return names.length;
}

test('R13, R15 and what the public files leave out: our own scenario files are exact', () => {
  assert.ok(checkFiles(ownFiles) >= 12);
});

const absent = existsSync(sharedFiles) ? false : `no scenario files at ${sharedFiles} (set KVORUM_SHARED)`;
test('the public scenario files are exact', { skip: absent }, () => {
  assert.ok(checkFiles(sharedFiles) >= 27);
});

test('the parser reads comments, continued lines, nested lists and blank lines between double separators', () => {
  const cases = parseScenario(
    [
      '# comment',
      'a 1 b=(2, (3,4)) c=d\\',
      ' e',
      'input',
      '----',
      '----',
      'x',
      '',
      'y',
      '----',
      '----',
      '',
      'f',
      '----',
      '',
    ].join('\n'),
  );
  const [first, second] = cases;
  assert.equal(cases.length, 2);
  assert.equal(first?.command, 'a');
  assert.deepEqual(first?.arguments, [
    { key: '1', values: [] },
    { key: 'b', values: ['2', '(3,4)'] },
    { key: 'c', values: ['d'] },
    { key: 'e', values: [] },
  ]);
  assert.equal(first?.input, 'input');
  assert.equal(first?.expected, 'x\n\ny\n');
  assert.equal(second?.line, 13);
  assert.equal(second?.expected, '');
});

test('a directive without a separator and unbalanced parentheses are refused with their line', () => {
  assert.throws(() => parseScenario('\ncampaign 1\n'), { constructor: ScenarioSyntaxError, line: 2 });
  assert.throws(() => parseScenario('a b=(1\n----\n'), { constructor: ScenarioSyntaxError, line: 1 });
});

test('a difference is found, and shown with its line', () => {
  const [result] = runScenario('vote cfg=(1) votes=(y)\n----\nVoteLost\n');
  assert.ok(result !== undefined && !result.isExact);
  assert.match(describeDifference(result), /@@ line 3 @@\n {2}- VoteLost\n {2}\+ VoteWon/);
});

test('an unknown command and a missing node print what is wrong', () => {
  const [unknown, missing] = runScenario('frobnicate\n----\n\ncampaign 3\n----\n');
  assert.equal(unknown?.actual, 'unknown command frobnicate\n');
  assert.equal(missing?.actual, 'there is no node 3\n');
});

test('S4: a command that adds more nodes than a file may have is answered with the limit', () => {
  const answerTo = (count: string) => runScenario(`add-nodes ${count}\n----\nok\n`)[0]?.actual;
  assert.equal(answerTo('999999999'), 'add-nodes takes 0 to 100 nodes, not 999999999\n');
  assert.equal(answerTo('101'), 'add-nodes takes 0 to 100 nodes, not 101\n');
});
