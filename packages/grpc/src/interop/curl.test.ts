/** curl (its HTTP/2 is nghttp2) on our port, as HTTP/2 and HTTP/1.1, and h2load as many clients at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { frameMessage } from '../grpc/message-writer.js';
import { isThere, runChild } from './testing/child.js';
import { startOwnServer } from './testing/own-server.js';

const skipCurl = isThere('curl', ['--http2-prior-knowledge', '--version']) ? false : 'no curl with HTTP/2 here';
const skipLoad = isThere('h2load', ['--version']) ? false : 'no h2load here (Debian package nghttp2-client)';

function messageFile(context: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-grpc-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'message'), frameMessage(Buffer.from(text), false));
  return join(folder, 'message');
}

test('curl calls a unary method and gets headers, message and trailers', { skip: skipCurl }, async (context) => {
  const { port } = await startOwnServer(context);
  const file = messageFile(context, 'hello');
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const url = `http://127.0.0.1:${port}/echo.Echo/Say`;
  const { stdout } = await runChild('curl', [
    '-s',
    '-i',
    '--http2-prior-knowledge',
    '--data-binary',
    `@${file}`,
    ...headers,
    url,
  ]);
  assert.match(stdout, /^HTTP\/2 200 \r\ncontent-type: application\/grpc\r\n/);
  assert.ok(stdout.includes('\0\0\0\0\x05hello'));
  assert.match(stdout, /grpc-status: 0/);
});

test('curl is told by HTTP status that it does not speak gRPC', { skip: skipCurl }, async (context) => {
  const { port } = await startOwnServer(context);
  const status = async (...args: string[]) => {
    const url = `http://127.0.0.1:${port}/echo.Echo/Say`;
    const { stdout } = await runChild('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--http2-prior-knowledge',
      ...args,
      url,
    ]);
    return stdout;
  };
  assert.equal(await status(), '405');
  assert.equal(await status('-d', 'x'), '415');
});

test('curl reaches the HTTP/1.1 server on the same port', { skip: skipCurl }, async (context) => {
  const { port } = await startOwnServer(context);
  const url = `http://127.0.0.1:${port}/path`;
  assert.equal((await runChild('curl', ['-s', url])).stdout, 'GET /path ');
  // The body is longer than what is looked at first.
  const body = 'x'.repeat(100_000);
  assert.equal((await runChild('curl', ['-s', '-X', 'PUT', '-d', body, url])).stdout, `PUT /path ${body}`);
  // An upgrade to h2c is not offered, so that HTTP/1.1 goes on.
  assert.equal((await runChild('curl', ['-s', '--http2', url])).stdout, 'GET /path ');
});

test('h2load: 20 connections of 10 streams, no failure', { skip: skipLoad }, async (context) => {
  const { port } = await startOwnServer(context);
  const headers = ['-H', 'content-type: application/grpc', '-H', 'te: trailers'];
  const load = ['-n', '4000', '-c', '20', '-m', '10', '-d', messageFile(context, 'hello')];
  const { stdout } = await runChild('h2load', [...load, ...headers, `http://127.0.0.1:${port}/echo.Echo/SayLater`]);
  assert.match(stdout, /4000 succeeded, 0 failed/);
});
