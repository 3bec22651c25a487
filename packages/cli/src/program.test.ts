import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from './exit-codes.js';
import { fakeStartNode, type FakeFaults } from './testing/fake-node.js';
import { run, start } from './testing/run.js';
import { freePorts, temporaryDirectory } from './testing/temporary.js';
import { createTestTerminal } from './testing/test-terminal.js';

/** An error as a node throws it. */
function nodeError(message: string, fields: Record<string, string>): Error {
  return Object.assign(new Error(message), fields);
}

const local = ['--client-address', '127.0.0.1:0', '--peer-address', '127.0.0.1:0', '--log-level', 'silent'];

async function fakeEndpoint(faults: FakeFaults, end: (close: () => Promise<void>) => void): Promise<string> {
  const node = await fakeStartNode(faults)({ clientAddress: '127.0.0.1:0', peerAddress: '127.0.0.1:0' });
  end(() => node.close());
  return node.clientAddress ?? assert.fail();
}

test('exit 0: --version and --help', async () => {
  const version = await run(['--version']);
  assert.equal(version.code, exitCodes.ok.code);
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const word of [
    'serve',
    'dev',
    'demo',
    'config',
    'get',
    'put',
    'del',
    'ls',
    'status',
    'Examples:',
    'Exit codes:',
  ]) {
    assert.ok(help.out.includes(word), word);
  }
});

test('every command has help with an example', async () => {
  for (const command of [
    'serve',
    'dev',
    'demo',
    'get',
    'put',
    'del',
    'ls',
    'status',
    'servers',
    'watch',
    'bench',
    'backup',
    'restore',
  ]) {
    const { code, out } = await run([command, '--help']);
    assert.equal(code, 0);
    assert.match(out, /Examples:\n {2}kvorum /, command);
    assert.ok(out.includes('--json'), command);
  }
});

test('commands inside commands have examples, and dev tells its own defaults', async () => {
  for (const command of [['config'], ['completion'], ['demo', 'start'], ['demo', 'stop'], ['demo', 'kill']]) {
    const { code, out } = await run([...command, '--help']);
    assert.equal(code, 0);
    assert.ok(out.includes(`Examples:\n  kvorum ${command.join(' ')} `), out);
  }
  const { out } = await run(['dev', '--help']);
  assert.match(out.replaceAll(/\s+/g, ' '), /one process at a time \(default: \.kvorum\/dev; KVORUM_DATA_DIR\)/);
  assert.doesNotMatch(out, /kvorum-data/);
});

test('exit 2: unknown command, unknown flag with a suggestion, missing argument, bad value', async () => {
  const cases: [string[], RegExp][] = [
    [['gett', 'x'], /unknown command 'gett'\n\(Did you mean get\?\)/],
    [['serve', '--heartbeat', '5'], /unknown option '--heartbeat'/],
    [['put', 'key'], /missing required argument 'value'/],
    [['get', 'key', '--revision', '0'], /--revision <n>.*Allowed: an integer from 1/],
    [['put', 'a', 'b', '--if-absent', '--if-revision', '3'], /cannot be used with/],
    [['get', ''], /the key is empty; allowed: 1 to 65536 bytes/],
    [['get', 'k', '--endpoint', 'ftp:x'], /--endpoint: "ftp:x" is not allowed; allowed: host:port/],
    [['get', 'k', '--endpoint', ','], /--endpoint: "," is not allowed; allowed: host:port/],
    [['demo', 'kill', 'nobody'], /Allowed: 1 to 9, or leader/],
    [['demo', '--nodes', '10'], /Allowed: an integer from 1 to 9/],
    [['demo', 'bogus'], /unknown command demo "bogus"; the commands of a running demo are start, stop and kill/],
  ];
  for (const [args, expected] of cases) {
    const { code, err } = await run(args);
    assert.equal(code, exitCodes.usage.code, args.join(' '));
    assert.match(err, expected);
    assert.ok(err.startsWith('kvorum: '), err);
  }
});

test('exit 2: with --json wrong usage is told as JSON, once', async () => {
  const { code, err, out } = await run(['get', '--json']);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.deepEqual(JSON.parse(err), { error: { code: 'INVALID_USAGE', message: "missing required argument 'key'" } });
});

test('exit 2: serve tells every problem of its configuration', async (context) => {
  const path = join(await temporaryDirectory(context), 'kvorum.yaml');
  await writeFile(path, 'nodeId: 0\nhartbeatMs: 1\n');
  const { code, err } = await run(['serve', '--config', path]);
  assert.equal(code, 2);
  assert.match(err, /^kvorum: the configuration has 2 problems:\n/);
  assert.ok(err.includes(`${path}:2: unknown option hartbeatMs: did you mean heartbeatMs?`));
  assert.ok(err.includes(`${path}:1: option nodeId: 0 is not allowed; allowed: an integer from 1 to 65535`));
  assert.equal((await run(['serve', '--config', `${path}.absent`])).code, 2);
});

const startFailures: [keyof typeof exitCodes, Error, RegExp][] = [
  ['cannotStart', nodeError('the directory is in use', { code: 'DATA_DIR_LOCKED' }), /Stop the process that uses it/],
  ['cannotStart', nodeError('written by format 9', { code: 'DATA_DIR_NEWER_FORMAT' }), /Start the newer version/],
  ['cannotStart', nodeError('belongs to node 2', { code: 'DATA_DIR_OTHER_NODE' }), /under the node id it belongs to/],
  [
    'identityRefused',
    nodeError('wiped', { code: 'NODE_FAILED', kind: 'identityRefused' }),
    /kvorum backup on a live node, then kvorum restore into fresh directories/,
  ],
  ['diskFailed', nodeError('write failed: EIO', { name: 'DiskError', code: 'EIO' }), /Check the disk/],
  ['dataDamaged', nodeError('segment 3 is damaged', { code: 'WAL_DAMAGED' }), /Leave the directory as it is/],
  ['internal', new TypeError('surprise'), /please report it/],
];
for (const [exit, error, hint] of startFailures) {
  test(`exit ${exitCodes[exit].code}: serve when the start fails with "${error.message}"`, async () => {
    const { code, err } = await run(['serve', ...local], { faults: { start: error } });
    assert.equal(code, exitCodes[exit].code);
    assert.match(err, hint);
    assert.ok(err.includes(error.message));
  });
}

test('exit 3: a taken port is told with its option', async (context) => {
  const endpoint = await fakeEndpoint({}, (close) => context.after(close));
  const { code, err } = await run(['serve', '--client-address', endpoint, '--peer-address', '127.0.0.1:0']);
  assert.equal(code, exitCodes.cannotStart.code);
  const port = endpoint.split(':')[1];
  assert.ok(err.includes(`kvorum: port ${port} (option --client-address) is taken by another program`), err);
});

test('exit 3: an address that cannot be listened on is told with its option', async () => {
  const cases: [string[], string, string, RegExp][] = [
    [['--client-address', '10.99.99.99:238'], 'EADDRNOTAVAIL', '10.99.99.99:238', /--client-address.*\n.*this machine/],
    [
      ['--client-address', 'a:238', '--peer-address', 'a:2380'],
      'ENOTFOUND',
      'a:2380',
      /a:2380 \(option --peer-address/,
    ],
    [['--client-address', 'a:238', '--peer-address', 'b:2380'], 'EADDRINUSE', '[::]:2380', /port 2380.*--peer-address/],
    [
      ['--client-address', 'a:238', '--peer-address', 'b:239'],
      'EADDRINUSE',
      ':2380',
      /--client-address or --peer-address/,
    ],
  ];
  for (const [flags, code, at, expected] of cases) {
    const cause = nodeError(`listen ${code}`, { code });
    const start = Object.assign(nodeError(`can't listen on ${at} (${code})`, { code: 'INVALID_ARGUMENT' }), { cause });
    const { code: exit, err } = await run(['serve', ...flags], { faults: { start } });
    assert.equal(exit, exitCodes.cannotStart.code, err);
    assert.match(err, expected);
  }
});

test('R17: a node that ends itself makes serve end with the code of its cause', async () => {
  const kinds = {
    disk: 'diskFailed',
    damaged: 'dataDamaged',
    corrupt: 'dataDamaged',
    identityRefused: 'identityRefused',
    internal: 'internal',
  } as const;
  for (const [kind, exit] of Object.entries(kinds)) {
    const ends = nodeError('it broke', { code: 'NODE_FAILED', kind });
    const { code, err } = await run(['serve', ...local], { faults: { ends } });
    assert.equal(code, exitCodes[exit].code, kind);
    assert.match(err, /it broke/);
  }
});

test('exit 0: the first signal drains, whichever it is', async () => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    const terminal = createTestTerminal();
    const running = start(['serve', ...local, '--json'], terminal);
    await terminal.printed('"event":"ready"');
    const ready = JSON.parse(terminal.out());
    assert.equal(ready.nodeId, 1);
    terminal.signal(signal);
    assert.equal(await running, exitCodes.ok.code);
    await assert.rejects(fetch(`http://${ready.clientAddress}/health`));
  }
});

test('exit 130: the second signal ends at once', async () => {
  const terminal = createTestTerminal();
  const running = start(['serve', ...local], terminal, { hangsOnClose: true });
  await terminal.printed('is ready');
  terminal.signal('SIGINT');
  terminal.signal('SIGTERM');
  assert.equal(await running, exitCodes.interrupted.code);
});

test('a supervised node leaves Ctrl-C to its supervisor and ends with it', async () => {
  for (const message of [{ type: 'stop' }, undefined]) {
    const terminal = createTestTerminal();
    const running = start(['serve', ...local, '--supervised'], terminal);
    await terminal.printed('is ready');
    assert.equal(terminal.sent.length, 1);
    terminal.signal('SIGINT');
    terminal.signal('SIGHUP');
    terminal.parent(message);
    assert.equal(await running, 0);
  }
});

test('dev runs one node with data in .kvorum/dev, or in memory', async () => {
  const disk = createTestTerminal();
  const running = start(['dev', '--client-address', '127.0.0.1:0'], disk);
  await disk.printed('is ready');
  assert.match(
    disk.out(),
    /^kvorum node 1 is ready: http:\/\/127\.0\.0\.1:\d+, data in \.kvorum\/dev\nTry: kvorum put/,
  );
  disk.signal('SIGTERM');
  assert.equal(await running, 0);
  const memory = createTestTerminal();
  const second = start(['dev', '--memory', '--client-address', '127.0.0.1:0'], memory);
  await memory.printed('data in memory only');
  memory.signal('SIGINT');
  assert.equal(await second, 0);
});

test('serve of a cluster does not call itself ready before the others are there', async () => {
  const terminal = createTestTerminal();
  const done = start(
    ['serve', ...local, '--storage', 'memory', '--peers', '1=127.0.0.1:1,2=127.0.0.1:2,3=127.0.0.1:3'],
    terminal,
  );
  await terminal.printed('\n');
  assert.match(terminal.out(), /^kvorum node 1 has started: http:.*; \/readyz tells when the cluster serves\n$/);
  terminal.signal('SIGTERM');
  assert.equal(await done, 0);
  const json = createTestTerminal();
  const second = start(['serve', ...local, '--peers', '1=127.0.0.1:1,2=127.0.0.1:2', '--json'], json);
  await json.printed('"event":"started"');
  json.signal('SIGTERM');
  assert.equal(await second, 0);
});

test('config check and config print', async (context) => {
  const path = join(await temporaryDirectory(context), 'kvorum.yaml');
  await writeFile(path, 'heartbeatMs: 30\nclientAddress: 0.0.0.0:1\n');
  const good = await run(['config', 'check', '--config', path]);
  assert.equal(good.code, 0);
  assert.equal(good.out, 'The configuration is good.\n');
  assert.match(good.err, /warning: clientAddress 0\.0\.0\.0:1 can be reached from other machines/);
  const bad = await run(['config', 'check', '--config', path, '--node-id', '0', '--ring-bytes', '1'], {});
  assert.equal(bad.code, 2);
  assert.match(bad.err, /2 problems/);
  const printed = await run(['config', 'print', '--config', path, '--demo-routes'], { env: { KVORUM_NODE_ID: '7' } });
  assert.match(printed.out, /^OPTION +VALUE +ORIGIN\nnodeId +7 +environment KVORUM_NODE_ID\n/);
  assert.match(printed.out, /\nheartbeatMs +30ms +file .*:1\n/);
  assert.match(printed.out, /\ndemoRoutes +true +flag --demo-routes\n/);
  const json = JSON.parse((await run(['config', 'print', '--json'])).out);
  assert.deepEqual(json.heartbeatMs, { value: 100, origin: 'default' });
});

test('S9: a value from stdin above the request limit is refused before it is sent', async () => {
  const { code, err } = await run(['put', 'k', '-'], { stdin: Buffer.alloc(1536 * 1024 + 1) });
  assert.equal(code, 2);
  assert.match(err, /a request holds at most 1572864 bytes/);
});

test('status: exit 0 when ready, 1 when an endpoint does not answer, 7 when none does', async (context) => {
  const endpoint = await fakeEndpoint({}, (close) => context.after(close));
  const dead = `127.0.0.1:${await freePorts(1)}`;
  const ready = await run(['status', '-e', endpoint]);
  assert.equal(ready.code, 0);
  assert.match(ready.out, /ENDPOINT +NODE +STATE +ROLE +LEADER .*\nhttp:\S+ +1 +ready +leader +node 1 /);
  const mixed = await run(['status', '-e', endpoint, '-e', dead, '--json']);
  assert.equal(mixed.code, 1);
  const lines = mixed.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(lines[0].status.nodeId, 1);
  assert.equal(lines[1].error, 'connection refused');
  assert.equal((await run(['status', '-e', dead])).code, 7);
});
