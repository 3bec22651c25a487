import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { KvorumError } from '@kvorum/protocol';
import { type KvorumNode, startNode } from '@kvorum/server';
import { exitCodes } from '../exit-codes.js';
import { startFakeKv } from '../testing/fake-kv.js';
import { startMemoryNode } from '../testing/memory-node.js';
import { run, start } from '../testing/run.js';
import { freePorts, temporaryDirectory } from '../testing/temporary.js';
import { createTestTerminal } from '../testing/test-terminal.js';

test('watch from a revision: keys, prefixes, ranges, what was before, exactly as printed', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  await run(['put', 'a', 'one', ...at]);
  await run(['put', 'b/1', 'two\nlines', ...at]);
  await run(['put', 'a', 'two', ...at]);
  await run(['del', 'a', ...at]);
  await run(['put', 'c', '-', ...at], { stdin: Buffer.from([0xff]) });
  const from = ['watch', '--from-revision', '1', ...at];
  const watched = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await run([...from, ...args]);
    assert.deepEqual([code, err], [0, args.includes('--json') ? '' : 'watching from revision 1 on; Ctrl-C ends\n']);
    return out;
  };
  const all = '2\tput\ta\tone\n3\tput\tb/1\t"two\\nlines"\n4\tput\ta\ttwo\n5\tdelete\ta\n6\tput\tc\tbase64:/w==\n';
  assert.equal(await watched('--limit', '5'), all);
  assert.equal(await watched('--limit', '2', 'a'), '2\tput\ta\tone\n4\tput\ta\ttwo\n');
  assert.equal(await watched('--limit', '1', '--prefix', 'b/'), '3\tput\tb/1\t"two\\nlines"\n');
  assert.equal(
    await watched('--limit', '2', '--range', 'b', '--json'),
    [
      '{"type":"put","key":"b/1","value":"two\\nlines","modRevision":3,"createRevision":3,"version":1}\n',
      '{"type":"put","key":"c","valueBase64":"/w==","modRevision":6,"createRevision":6,"version":1}\n',
    ].join(''),
  );
  assert.equal(
    await watched('--limit', '3', '--range', 'a', 'b', '--prev'),
    ['2\tput\ta\tone\n', '4\tput\ta\ttwo\twas one\n', '5\tdelete\ta\twas two\n'].join(''),
  );
  const json = (await watched('a', '--limit', '3', '--prev', '--json')).trimEnd().split('\n');
  assert.equal(
    json[2],
    '{"type":"delete","key":"a","modRevision":5,"prev":{"value":"two","modRevision":4,"createRevision":2,"version":2}}',
  );
});

test('Ctrl-C ends a watch with 0', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  for (const flags of [[], ['--json']]) {
    const terminal = createTestTerminal();
    const running = start(['watch', '--prefix', 'k', '--from-revision', '1', ...flags, ...at], terminal);
    await run(['put', 'k', 'v', ...at]);
    await terminal.printed('k');
    terminal.signal('SIGINT');
    assert.equal(await running, exitCodes.ok.code, terminal.err());
  }
});

test('a watch goes on whichever node is lost, with each change once', async (context) => {
  const folder = await temporaryDirectory(context);
  const port = await freePorts(6);
  const ids = [1, 2, 3];
  const peers = Object.fromEntries(ids.map((id) => [id, `127.0.0.1:${port + id - 1}`]));
  const startOne = (nodeId: number): Promise<KvorumNode> =>
    startNode({
      nodeId,
      peers,
      dataDir: join(folder, `node-${nodeId}`),
      clientAddress: `127.0.0.1:${port + 2 + nodeId}`,
      diskReserveBytes: 0,
      walSegmentBytes: 1 << 20,
    });
  const nodes = new Map(await Promise.all(ids.map(async (id) => [id, await startOne(id)] as const)));
  context.after(() => Promise.all([...nodes.values()].map((node) => node.close())));
  // A new cluster forms once all of its nodes have met.
  await Promise.all([...nodes.values()].map((node) => node.ready(30_000)));
  const endpoints = ids.map((id) => `127.0.0.1:${port + 2 + id}`).join(',');
  const at = ['--endpoints', endpoints, '--timeout', '30s'];
  const terminal = createTestTerminal();
  const running = start(['watch', '--prefix', 'k', '--from-revision', '1', ...at], terminal);
  for (const id of ids) {
    await nodes.get(id)?.close();
    assert.equal((await run(['put', `k${id}`, 'v', ...at])).err, '');
    await terminal.printed(`\tk${id}\tv\n`);
    nodes.set(id, await startOne(id));
    await nodes.get(id)?.ready(30_000);
  }
  terminal.signal('SIGTERM');
  assert.equal(await running, 0, terminal.err());
  assert.equal(terminal.out(), '2\tput\tk1\tv\n3\tput\tk2\tv\n4\tput\tk3\tv\n');
});

test('exit 2: wrong wishes are told before anything is sent', async () => {
  const cases: [string[], RegExp][] = [
    [['k', '--prefix', 'a'], /a key, --prefix and --range exclude each other/],
    [['--range', 'a', 'b', 'c'], /--range takes one or two keys/],
    [['--from-revision', '0'], /Allowed: an integer from 1/],
    [[''], /the key is empty/],
  ];
  for (const [args, expected] of cases) {
    const { code, err } = await run(['watch', ...args]);
    assert.equal(code, exitCodes.usage.code, args.join(' '));
    assert.match(err, expected);
  }
});

test('exit 1: changes that are forgotten are told with where to begin', async (context) => {
  const watch = new KvorumError('COMPACTED', 'revision 3 has been compacted', { compactRevision: 9 });
  const endpoint = await startFakeKv(context, { watch });
  const { code, err } = await run(['watch', '--from-revision', '3', '-e', endpoint]);
  assert.equal(code, exitCodes.failed.code);
  assert.match(err, /^kvorum: .*compacted.*\n {2}Changes that old are forgotten: list the keys anew/);
  const json = await run(['watch', '--from-revision', '3', '-e', endpoint, '--json']);
  assert.deepEqual(JSON.parse(json.err).error.compactRevision, 9);
});
