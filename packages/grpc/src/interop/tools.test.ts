/** curl and h2load (both on nghttp2) against our listener. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { frameMessage } from '../grpc/message-writer.js';
import { startOwnServer } from './testing/own-server.js';

const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).stdout?.includes('HTTP2') === true;
const hasH2load = spawnSync('h2load', ['--version']).status === 0;
const grpcHeaders = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];

/** A file that holds one message. */
async function messageFile(context: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'grpc-tools-'));
  context.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'message');
  await writeFile(path, frameMessage(Buffer.from(text), false));
  return path;
}

test('curl calls a method, is told of what it got wrong, and gets HTTP/1.1 on the same port', {
  skip: hasCurl ? false : 'no curl with HTTP/2 here',
}, async (context) => {
  const { port } = await startOwnServer(context);
  const url = `http://127.0.0.1:${port}`;
  const file = await messageFile(context, 'hello');
  const curl = async (...args: readonly string[]): Promise<string> => (await run('curl', ['-s', '-i', ...args])).stdout;
  const say = await curl(
    '--http2-prior-knowledge',
    ...grpcHeaders,
    '--data-binary',
    `@${file}`,
    `${url}/echo.Echo/Say`,
  );
  assert.match(say, /^HTTP\/2 200/);
  assert.match(say, /content-type: application\/grpc/);
  assert.ok(say.includes('\0\0\0\0\x05hello'));
  assert.match(say, /grpc-status: 0/);
  const page = await curl('--http2-prior-knowledge', `${url}/`);
  assert.match(page, /^HTTP\/2 405/);
  assert.match(await curl('--http2-prior-knowledge', '-d', 'x', `${url}/`), /^HTTP\/2 415/);
  // An upgrade to h2c is not offered: HTTP/1.1 goes on.
  assert.match(await curl('--http2', `${url}/page`), /^HTTP\/1.1 200[^]*GET \/page/);
  const body = 'x'.repeat(100_000);
  assert.ok((await curl('-d', body, `${url}/page`)).endsWith(`POST /page ${body}`));
  assert.match(await curl('--http1.1', '-d', 'x=1', `${url}/v1/page`), /^HTTP\/1.1 200[^]*POST \/v1\/page x=1$/);
});

test('h2load: thousands of calls on many connections all succeed', {
  skip: hasH2load ? false : 'h2load is not here (Debian: nghttp2-client)',
}, async (context) => {
  const { port, errors } = await startOwnServer(context);
  const file = await messageFile(context, 'hello');
  const load = ['-n', '5000', '-c', '20', '-m', '10', '-d', file, ...grpcHeaders];
  const { stdout } = await run('h2load', [...load, `http://127.0.0.1:${port}/echo.Echo/Say`]);
  assert.match(stdout, /5000 succeeded, 0 failed, 0 errored, 0 timeout/);
  assert.match(stdout, /status codes: 5000 2xx/);
  assert.deepEqual(errors, []);
});
