/** Directories and ports for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A directory that goes with the test. */
export async function temporaryDirectory(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-cli-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The first of `count` neighbouring ports that are all free at the moment. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await boundPort(0);
    if (first === undefined || first + count > 65_535) continue;
    const rest = Array.from({ length: count - 1 }, (_, at) => boundPort(first + 1 + at));
    if ((await Promise.all(rest)).every((port) => port !== undefined)) return first;
  }
}

function boundPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address();
      const boundTo = typeof bound === 'object' && bound !== null ? bound.port : undefined;
      server.close(() => resolve(boundTo));
    });
  });
}
