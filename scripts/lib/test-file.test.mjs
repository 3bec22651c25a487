import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, describe, test } from 'node:test';
import { runTestFile } from './test-file.mjs';

describe('a test file', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvorum-test-file-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const outcome = async (body, timeoutMs = 30_000) => {
    const path = join(folder, `${Buffer.from(body).length}.mjs`);
    writeFileSync(path, `import { describe, test } from 'node:test';\n${body}`);
    const { tests, output } = await runTestFile(path, { timeoutMs });
    return {
      tests: tests.map(({ name, state, reason }) => [name, state, reason].filter(Boolean).join(' ')),
      output,
      errors: tests,
    };
  };

  test('passes and skips with the reason', async () => {
    const { tests } = await outcome("test('good', () => {}); test('later', { skip: 'no strace' }, () => {});");
    assert.deepEqual(tests, ['good passed', 'later skipped no strace']);
  });

  test('failures in suites and subtests count once', async () => {
    const { tests, errors } = await outcome(`
      describe('s', () => test('bad', () => { throw new Error('boom'); }));
      test('outer', async (t) => { await t.test('inner', () => { throw new Error('boom'); }); });`);
    assert.deepEqual(tests, ['bad failed', 'inner failed']);
    assert.match(errors[0].error, /^Error: boom/);
  });

  test('a broken or dying file is a failure', async () => {
    const broken = await outcome("console.log('seen'); throw new Error('does not load');");
    assert.equal(broken.tests.at(-1)?.includes('failed'), true);
    assert.match(broken.output, /seen/);
    const dying = await outcome("test('good', () => {}); test('dies', () => process.exit(3));");
    assert.equal(dying.tests.at(-1), 'the file itself failed');
  });

  test('a hanging file is ended', async () => {
    const { tests, errors } = await outcome("test('good', () => {}); setInterval(() => {}, 1_000);", 1_000);
    assert.deepEqual(tests.at(-1), 'the file itself failed');
    assert.match(errors.at(-1).error, /did not end within 1 s/);
  });
});
