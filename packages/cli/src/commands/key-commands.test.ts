/** The commands for keys against real nodes, and against ones that fail. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { KvorumError, keyBytesMax } from '@kvorum/protocol';
import { exitCodes } from '../exit-codes.js';
import { startFakeKv } from '../testing/fake-kv.js';
import { startMemoryNode } from '../testing/memory-node.js';
import { run } from '../testing/run.js';
import { freePorts } from '../testing/temporary.js';

test('put, get, ls and del against a node', async (context) => {
  const at = ['--endpoint', await startMemoryNode(context)];
  assert.deepEqual(await run(['put', 'a/b', 'one', ...at]), { code: 0, out: 'ok, revision 2\n', err: '' });
  assert.deepEqual(await run(['put', 'a/../ö %', '-', ...at], { stdin: 'two\nlines' }), {
    code: 0,
    out: 'ok, revision 3\n',
    err: '',
  });
  assert.equal((await run(['get', 'a/b', ...at])).out, 'one');
  assert.equal((await run(['get', 'a/b', ...at], { isTty: true })).out, 'one\n');
  const json = JSON.parse((await run(['get', 'a/../ö %', '--json', ...at])).out);
  assert.deepEqual(json, {
    key: 'a/../ö %',
    value: 'two\nlines',
    modRevision: 3,
    createRevision: 3,
    version: 1,
    revision: 3,
  });
  assert.equal((await run(['ls', ...at])).out, 'a/../ö %\t"two\\nlines"\na/b\tone\n');
  assert.equal((await run(['get', 'a/b', '--serializable', ...at])).out, 'one');
  assert.deepEqual(JSON.parse((await run(['put', 'a/b', '2', '--json', ...at])).out), {
    key: 'a/b',
    revision: 4,
    createRevision: 2,
    version: 2,
  });
  assert.equal((await run(['get', 'a/b', '--revision', '2', ...at])).out, 'one');
  assert.equal((await run(['del', 'a/b', ...at])).out, 'deleted, revision 5\n');
  assert.equal((await run(['ls', '--revision', '2', ...at])).out, 'a/b\tone\n');
});

test('ls sends no control characters of keys and values to a terminal, and keeps its lines', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  await run(['put', 'a\tb', 'x\u001b[31m', ...at]);
  await run(['put', 'c\u009b1m', 'y', ...at]);
  await run(['put', 'plain é', 'z', ...at]);
  assert.equal((await run(['ls', ...at])).out, '"a\\tb"\t"x\\u001b[31m"\n"c\\u009b1m"\ty\nplain é\tz\n');
  assert.equal((await run(['ls', '--keys-only', ...at])).out, '"a\\tb"\n"c\\u009b1m"\nplain é\n');
});

test('a key that is no text is put, found and deleted with --base64, as ls shows it', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  assert.equal((await run(['put', '--base64', '/wA=', 'v', ...at])).code, 0);
  const shown = (await run(['ls', '--keys-only', ...at])).out.trimEnd();
  assert.equal(shown, 'base64:/wA=');
  assert.equal((await run(['get', shown, ...at])).code, exitCodes.failed.code, 'text without the flag');
  assert.equal((await run(['get', '--base64', shown, ...at])).out, 'v');
  assert.match((await run(['watch', '--base64', shown, '--from-revision', '1', '--limit', '1', ...at])).out, /\tv\n$/);
  assert.equal((await run(['del', '--base64', '/wA', ...at])).code, 0);
  for (const wrong of ['', 'base64:', 'a', 'hello!', '/w A=']) {
    const { code, err } = await run(['get', '--base64', wrong, ...at]);
    assert.equal(code, exitCodes.usage.code, wrong);
    assert.match(err, /^kvorum: the key .*; allowed/);
  }
});

test('exit 1: what a node refused was sent, so it is no wrong usage', async (context) => {
  const at = ['-e', await startMemoryNode(context), '--json'];
  const future = await run(['get', 'k', '--revision', '999999', ...at]);
  assert.deepEqual([future.code, JSON.parse(future.err).error.code], [1, 'FUTURE_REVISION']);
  const long = await run(['ls', '--prefix', 'x'.repeat(keyBytesMax + 1), ...at]);
  assert.deepEqual([long.code, JSON.parse(long.err).error.code], [1, 'KEY_TOO_LARGE']);
  const unsent = await run(['get', 'x'.repeat(keyBytesMax + 1), ...at]);
  assert.deepEqual([unsent.code, JSON.parse(unsent.err).error.code], [2, 'KEY_TOO_LARGE']);
});

test('ls in pages: what a limit cut is told, and the next page is of the same revision', async (context) => {
  const at = ['-e', await startMemoryNode(context)];
  for (const key of ['b', 'n/1', 'n/2', 'n/3', 'o']) await run(['put', key, `v${key}`, ...at]);
  const cut = await run(['ls', '--keys-only', '--limit', '2', '--prefix', 'n/', ...at]);
  assert.deepEqual([cut.out, cut.err], ['n/1\nn/2\n', '(more keys follow; --limit 2 cut the list)\n']);
  const whole = await run(['ls', '--keys-only', '--limit', '3', '--prefix', 'n/', ...at]);
  assert.deepEqual([whole.out, whole.err], ['n/1\nn/2\nn/3\n', '']);
  const page = ['ls', '--prefix', 'n/', '--limit', '2', '--json', ...at];
  const lines = (await run(page)).out.trimEnd().split('\n');
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    key: 'n/1',
    value: 'vn/1',
    modRevision: 3,
    createRevision: 3,
    version: 1,
  });
  const { cursor } = JSON.parse(lines[2] ?? '');
  await run(['del', 'n/3', ...at]);
  const next = await run([...page, '--cursor', cursor, '--keys-only']);
  assert.equal(next.out, '{"key":"n/3","modRevision":5,"createRevision":5,"version":1}\n');
  for (const wrong of [
    ['--cursor', 'nonsense'],
    ['--cursor', cursor, '--prefix', 'b'],
    ['--cursor', cursor, '--revision', '3'],
  ]) {
    const { code, err } = await run(['ls', ...at, ...wrong]);
    assert.equal(code, exitCodes.usage.code);
    assert.match(err, /^kvorum: --cursor /);
  }
});

test('exit 1: key not found, condition not met, with the code in JSON', async (context) => {
  const at = ['--endpoint', await startMemoryNode(context)];
  const absent = await run(['get', 'nothing', ...at, '--json']);
  assert.equal(absent.code, exitCodes.failed.code);
  assert.equal(JSON.parse(absent.err).error.code, 'KEY_NOT_FOUND');
  assert.equal((await run(['del', 'nothing', ...at])).code, 1);
  assert.equal((await run(['put', 'k', 'v', '--if-absent', ...at])).code, 0);
  const again = await run(['put', 'k', 'v', '--if-absent', ...at]);
  assert.equal(again.code, 1);
  assert.match(again.err, /^kvorum: the key's modRevision is 2, .*; nothing was written\n$/);
  assert.equal((await run(['put', 'k', 'w', '--if-revision', '2', ...at])).code, 0);
  const json = await run(['del', 'k', '--if-revision', '2', '--json', ...at]);
  assert.equal(json.code, 1);
  const { error } = JSON.parse(json.err);
  assert.deepEqual([error.code, error.mayHaveHappened, error.revision], ['CONDITION_FAILED', false, 3]);
});

test('exit 7: no endpoint answers; any one that does suffices, however they are given', async (context) => {
  const port = await freePorts(2);
  const dead = ['--endpoint', `127.0.0.1:${port}`, '--endpoint', `http://127.0.0.1:${port + 1}`, '--timeout', '300'];
  const none = await run(['put', 'k', 'v', ...dead]);
  assert.equal(none.code, exitCodes.unavailable.code);
  assert.match(
    none.err,
    /^kvorum: no endpoint answered \(http:\/\/127.*, http:\/\/127.*\): .*REFUSED.*\n {2}Is a node running.* kvorum dev serves 127\.0\.0\.1:2379, kvorum demo .* 127\.0\.0\.1:30080/,
  );
  const json = await run(['get', 'k', ...dead, '--json']);
  assert.equal(JSON.parse(json.err).error.code, 'NO_ENDPOINT');
  const good = await startMemoryNode(context);
  assert.equal((await run(['put', 'k', 'v', '-e', `127.0.0.1:${port}`, '-e', `kvorum://${good}`])).code, 0);
  assert.equal((await run(['get', 'k', '--endpoints', `127.0.0.1:${port},${good}`])).out, 'v');
  assert.equal((await run(['get', 'k'], { env: { KVORUM_ENDPOINTS: `127.0.0.1:${port},${good}` } })).out, 'v');
});

test('exit 7: an endpoint that is no node', async (context) => {
  const web = createServer((_request, response) => void response.writeHead(502).end('<h1>no such luck</h1>'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  context.after(() => web.close());
  const address = web.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { code } = await run(['put', 'k', 'v', '-e', `127.0.0.1:${address.port}`, '--timeout', '300']);
  assert.equal(code, exitCodes.unavailable.code);
});

test('exit 7: no leader within the time, and the write did not happen', async (context) => {
  const endpoint = await startFakeKv(context, {
    set: new KvorumError('UNAVAILABLE', 'there is no leader', { mayHaveHappened: false }),
  });
  const { code, err } = await run(['put', 'k', 'v', '--endpoint', endpoint, '--timeout', '200', '--json']);
  assert.equal(code, exitCodes.unavailable.code);
  const { error } = JSON.parse(err);
  assert.deepEqual([error.code, error.mayHaveHappened], ['TIMEOUT', false]);
  assert.match(error.message, /within 200 ms; the last attempt: there is no leader/);
});

test('R20, exit 8: a write that may have happened is told so and not sent again', async (context) => {
  const unclear = new KvorumError('UNAVAILABLE', 'the leader was lost', { mayHaveHappened: true });
  for (const set of [unclear, 'silent', 'cut'] as const) {
    const endpoint = await startFakeKv(context, { set });
    const { code, err } = await run(['put', 'k', 'v', '--endpoint', endpoint, '--timeout', '300']);
    assert.equal(code, exitCodes.outcomeUnknown.code, err);
    assert.match(err, /\n {2}The write may have happened: read the key before trying again\.\n$/);
  }
});

test('a read that gets no answer ends with 7: reads change nothing', async (context) => {
  for (const get of ['silent', 'cut'] as const) {
    const endpoint = await startFakeKv(context, { get });
    const { code } = await run(['get', 'k', '--endpoint', endpoint, '--timeout', '300']);
    assert.equal(code, exitCodes.unavailable.code);
  }
});

test('a list that breaks off says that it is not whole', async (context) => {
  const list = new KvorumError('INTERNAL', 'a bug');
  const broken = await startFakeKv(context, { rows: ['a', 'b'], list });
  const { code, out, err } = await run(['ls', '--keys-only', '-e', broken, '--json']);
  assert.equal(code, exitCodes.failed.code);
  assert.equal(out.trimEnd().split('\n').length, 2);
  const { error } = JSON.parse(err);
  assert.deepEqual([error.code, error.reason], ['LIST_INCOMPLETE', 'INTERNAL']);
  const nothing = await startFakeKv(context, { list });
  assert.equal(JSON.parse((await run(['ls', '-e', nothing, '--json'])).err).error.code, 'INTERNAL');
});

test('servers: a table, or a line of JSON for each', async (context) => {
  const endpoint = await startMemoryNode(context);
  const { code, out } = await run(['servers', '-e', endpoint]);
  assert.equal(code, 0);
  const [header, row] = out.split('\n').map((line) => line.split(/ +/));
  assert.deepEqual(header, ['NODE', 'ADDRESS', 'ROLE', 'ZONE', 'VERSION', 'CONNECTED']);
  assert.deepEqual(row?.slice(0, 4), ['1', endpoint, 'leader', '-']);
  assert.equal(row?.at(-1), 'yes');
  const json = JSON.parse((await run(['servers', '-e', endpoint, '--json'])).out);
  assert.deepEqual([json.id, json.address, json.isLeader], ['1', endpoint, true]);
});
