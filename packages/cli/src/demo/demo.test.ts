import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exitCodes } from '../exit-codes.js';
import { eventually, isAlive, signalGroup, startDemo } from '../testing/demo-process.js';
import { run } from '../testing/run.js';
import { freePorts, temporaryDirectory } from '../testing/temporary.js';

async function demoArgs(context: TestContext): Promise<{ dir: string; port: number; args: string[] }> {
  const dir = join(await temporaryDirectory(context), 'demo');
  const port = await freePorts(6);
  return { dir, port, args: ['--dir', dir, '--port', `${port}`, '--peer-port', `${port + 3}`] };
}

async function read(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test('a demo: try it, kill the leader, start it again, Ctrl-C, and the data is still there', async (context) => {
  const { dir, port, args } = await demoArgs(context);
  const demo = startDemo(context, args);
  await demo.printed(/NODE +ROLE +URL +PID\n( +[123] +\w+ +http:\S+ +\d+\n){3}/);
  await demo.printed(/Ctrl-C stops all nodes/);
  for (const line of [`put hello world -e 127.0.0.1:${port}`, `get hello -e 127.0.0.1:${port + 2}`, 'watch -e 127.']) {
    assert.ok(demo.out().includes(`kvorum ${line}`), line);
  }
  assert.ok(!demo.out().includes('\u001b'), 'plain lines without a terminal');
  assert.equal(await read(`http://127.0.0.1:${port}/Set/hello/world`), "Set key 'hello' to value 'world'\n");
  assert.equal(await read(`http://127.0.0.1:${port + 2}/Get/hello`), 'world');

  const second = await run(['demo', ...args]);
  assert.equal(second.code, exitCodes.cannotStart.code);
  assert.match(second.err, /a demo already runs in .* \(process \d+\)/);

  const killed = await run(['demo', 'kill', 'leader', '--dir', dir, '--json']);
  assert.equal(killed.code, 0, killed.err);
  const { node } = JSON.parse(killed.out);
  await demo.printed(new RegExp(`\\d\\d:\\d\\d:\\d\\d {2}node ${node} was killed\\n`));
  await demo.printed(/node \d is leader \(term \d+\)\n/);
  const again = await run(['demo', 'kill', `${node}`, '--dir', dir]);
  assert.deepEqual([again.code, again.err], [1, `kvorum: node ${node} is not running\n`]);
  assert.equal((await run(['demo', 'start', `${node}`, '--dir', dir])).out, `node ${node} started\n`);
  await demo.printed(new RegExp(`node ${node} caught up\n`));
  assert.equal((await run(['demo', 'stop', '2', '--dir', dir])).out, 'node 2 stopped\n');
  await demo.printed(/node 2 stopped\n/);
  assert.equal((await run(['demo', 'kill', '4', '--dir', dir])).code, exitCodes.usage.code);

  signalGroup(demo.pid, 'SIGINT');
  assert.equal(await demo.ended, exitCodes.ok.code, demo.err());
  assert.ok(!demo.out().includes(' ended'), 'the nodes drained');

  assert.equal((await run(['demo', ...args, '--nodes', '5'])).code, exitCodes.usage.code);
  const next = startDemo(context, args);
  await next.printed(/Ctrl-C stops all nodes/);
  assert.equal(await read(`http://127.0.0.1:${port + 1}/Get/hello`), 'world');
  signalGroup(next.pid, 'SIGTERM');
  assert.equal(await next.ended, 0);
});

test('a killed supervisor leaves no node behind, and the next demo starts over it', async (context) => {
  const { dir, args } = await demoArgs(context);
  const demo = startDemo(context, [...args, '--json', '--nodes', '2']);
  await demo.printed(/"event":"ready".*\n/);
  const ready = demo
    .out()
    .split('\n')
    .find((line) => line.includes('"event":"ready"'));
  const pids: number[] = JSON.parse(ready ?? '').nodes.map(({ pid }: { pid: number }) => pid);
  assert.equal(pids.filter(isAlive).length, 2);
  process.kill(demo.pid, 'SIGKILL');
  await demo.ended;
  await eventually('the nodes to end', () => !pids.some(isAlive));
  assert.ok(existsSync(join(dir, 'control')) || process.platform === 'win32', 'what it left');
  const gone = await run(['demo', 'kill', '1', '--dir', dir]);
  assert.equal(gone.code, exitCodes.failed.code);
  assert.match(gone.err, /no demo runs in .*\n {2}Start one with: kvorum demo/);
  const next = startDemo(context, [...args, '--fresh', '--nodes', '1']);
  await next.printed(/Ctrl-C stops all nodes/);
  process.kill(next.pid, 'SIGINT');
  assert.equal(await next.ended, 0);
});

test('exit 3: a taken port is told with its number, its use and its option', async (context) => {
  const { port, args } = await demoArgs(context);
  for (const [offset, words] of [
    [1, 'HTTP port of node 2'],
    [5, 'peer port of node 3'],
  ] as const) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port + offset, '127.0.0.1', resolve));
    const { code, err } = await run(['demo', ...args]);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(code, exitCodes.cannotStart.code);
    assert.ok(err.startsWith(`kvorum: port ${port + offset} (${words}) is taken`), err);
    assert.match(err, offset === 1 ? /--port/ : /--peer-port/);
  }
});

test('S4: ports of a demo that do not fit are refused', async (context) => {
  const dir = join(await temporaryDirectory(context), 'demo');
  const high = await run(['demo', '--dir', dir, '--port', '65534']);
  assert.deepEqual(
    [high.code, high.err.trim()],
    [2, 'kvorum: --port: 65534 is not allowed; allowed: 1 to 65533 for 3 nodes'],
  );
  assert.equal((await run(['demo', '--dir', dir, '--port', '2000', '--peer-port', '2002'])).code, 2);
});
