// h2spec, a conformance suite for HTTP/2 servers (sections generic, hpack, http2), against our HTTP/2 over a real socket. Needs `h2spec` in the PATH, in
// Go's bin folder or where H2SPEC says (`go install github.com/summerwind/h2spec/cmd/h2spec@latest`); skipped without.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { createRuntime } from '../../packages/grpc/dist/base/runtime.js';
import { Http2Connection } from '../../packages/grpc/dist/http2/http2-connection.js';
import { createRealClock } from '../../packages/grpc/dist/node/real-clock.js';
import { SocketConnection } from '../../packages/grpc/dist/node/socket-connection.js';

const ANSWER = new TextEncoder().encode('hello');

function findTool() {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin'),
  ];
  return [process.env.H2SPEC, ...folders.map((folder) => join(folder, 'h2spec'))].find(
    (path) => path && existsSync(path),
  );
}

/** Answers each request when it has ended. */
class Answering {
  onStream(stream, _headers, end) {
    const answer = () => {
      stream.sendHeaders([':status', '200', 'content-length', `${ANSWER.length}`], false);
      stream.sendData(ANSWER, true);
    };
    if (end) answer();
    return {
      onHeaders: answer,
      onData(bytes, isEnd) {
        stream.consumed(bytes.length);
        if (isEnd) answer();
      },
      onWritable() {},
      onClose() {},
    };
  }

  onGoAway() {}

  onClose() {}
}

test('S10: h2spec finds no fault', async (t) => {
  const tool = findTool();
  if (tool === undefined) {
    t.skip('no h2spec on this machine');
    return;
  }
  const runtime = createRuntime(createRealClock());
  const server = net.createServer((socket) => {
    const connection = new SocketConnection(socket);
    new Http2Connection({ connection, runtime, handler: new Answering() }, { role: 'server' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const args = ['generic', 'hpack', 'http2', '-h', '127.0.0.1', '-p', `${server.address().port}`, '-o', '2'];
  const output = await new Promise((resolve) => {
    execFile(tool, args, { timeout: 120_000 }, (_error, stdout) => resolve(stdout));
  });
  server.close();
  const [, total, passed] = /(\d+) tests, (\d+) passed/.exec(output) ?? assert.fail(output);
  assert.equal(passed, total, output);
  t.diagnostic(`${passed} of ${total}`);
});
