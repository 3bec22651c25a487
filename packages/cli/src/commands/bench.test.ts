import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { startFakeKv } from '../testing/fake-kv.js';
import { startMemoryNode } from '../testing/memory-node.js';
import { run, start } from '../testing/run.js';
import { createTestTerminal } from '../testing/test-terminal.js';

test('bench puts as often as asked, and --json is one line of figures', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  const load = ['--requests', '300', '--keys', '50', '--clients', '2', '--in-flight', '8', '--value-bytes', '1KiB'];
  const { code, out, err } = await run(['bench', 'put', ...load, '--json', ...at]);
  assert.deepEqual([code, err], [0, '']);
  const report = JSON.parse(out);
  assert.deepEqual([report.requests, report.put.requests, report.get, report.failures], [300, 300, undefined, {}]);
  assert.deepEqual(report.servers, [{ address: at[1], reads: 0, writes: 300, failures: 0 }]);
  assert.ok(report.put.p50Ms > 0 && report.put.p999Ms <= report.put.maxMs * 1.001);
  const keys = (await run(['ls', '--keys-only', ...at])).out.trimEnd().split('\n');
  assert.deepEqual([keys.length, keys[0], keys.at(-1)], [50, 'bench/00', 'bench/49']);
  assert.equal((await run(['get', 'bench/07', ...at])).out.length > 0, true);
});

test('bench in words: progress on stderr, kinds and percentiles on stdout', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  const { code, out, err } = await run(['bench', 'mixed', '--requests', '200', '--keys', '20', ...at]);
  assert.equal(code, 0);
  assert.match(err, /^filling done, .* 20 requests, .*\nmixed done, .* 200 requests, .*\n$/s);
  assert.match(
    out,
    / +REQUESTS +PER SECOND +P50 .*\nput +\d+ .*\nget +\d+ .*\n\n200 requests in .*\n.*CPU each\nnone failed\n$/,
  );
});

test('bench at a rate for a time', async (context) => {
  const at = ['-e', await startMemoryNode(context), '--no-session'];
  const { out } = await run(['bench', 'put', '--rate', '200', '--duration', '500ms', '--json', ...at]);
  const { requests, elapsedMs } = JSON.parse(out);
  assert.ok(requests > 50 && requests <= 100, `${requests}`);
  assert.ok(elapsedMs >= 400, `${elapsedMs}`);
});

test('Ctrl-C ends a load with the report of what was done', async (context) => {
  const terminal = createTestTerminal();
  const endpoint = await startMemoryNode(context);
  const running = start(['bench', 'put', '--duration', '10m', '--json', '-e', endpoint], terminal);
  await Promise.race([terminal.listening(), running]);
  terminal.signal('SIGINT');
  assert.equal(await running, 0);
  assert.deepEqual(JSON.parse(terminal.out()).failures, {});
});

test('exit 1: requests that fail are counted by code', async (context) => {
  const set = new KvorumError('NO_SPACE', 'the disk is full', { mayHaveHappened: false });
  const endpoint = await startFakeKv(context, { set });
  const load = ['--requests', '3', '--in-flight', '1', '--no-session', '--json'];
  const { code, out, err } = await run(['bench', 'put', ...load, '-e', endpoint]);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(out).failures, { NO_SPACE: 3 });
  assert.deepEqual(JSON.parse(err).error.code, 'BENCH_FAILED');
});
