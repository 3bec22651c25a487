import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorTable } from '@kvorum/protocol';
import { startNode } from './node.js';

const doc = readFileSync(new URL('../../../docs/http-api.md', import.meta.url), 'utf8');

interface Example {
  readonly command: string;
  readonly answer: string;
}

/** The `$ command` lines of all console blocks, each with the lines up to the next one. */
function examples(): Example[] {
  const blocks = [...doc.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return { command: part.slice(0, end), answer: part.slice(end + 1) };
      }),
  );
}

async function run(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { encoding: 'utf8' });
  return stdout;
}

function hasCurl(): Promise<boolean> {
  return run('curl --version').then(
    () => true,
    () => false,
  );
}

/** What the page leaves out of answers, and the newline that a terminal's prompt would follow. */
function asShown(output: string): string {
  const lines = output.replaceAll('\r\n', '\n').replaceAll(/^(Date|Connection|Keep-Alive):.*\n/gm, '');
  return lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`;
}

test('every example of docs/http-api.md answers as written', async (t) => {
  if (!(await hasCurl())) {
    t.skip('curl is not installed');
    return;
  }
  const node = await startNode({ storage: 'memory', clientAddress: '127.0.0.1:0', demoRoutes: true });
  t.after(() => node.close());
  await node.ready();
  const all = examples();
  assert.ok(all.length > 25);
  for (const { command, answer } of all) {
    // A watch has no end, so curl gives one of its own by failing.
    const isEndless = command.includes('--max-time');
    const output = await run(
      command.replaceAll('localhost:2379', node.clientAddress ?? '') + (isEndless ? ' || true' : ''),
    );
    assert.equal(asShown(output), answer, command);
  }
});

test('docs/http-api.md lists each error code with its status', () => {
  const rows = [...doc.matchAll(/^\| (\d{3}) \| (`.*`) \| (yes|no) \|$/gm)];
  const listed = rows.flatMap(([, status, codes, again]) =>
    [...(codes ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => `${code} ${status} ${again}`),
  );
  const wanted = Object.entries(errorTable).map(([code, row]) => `${code} ${row.http} ${row.retryable ? 'yes' : 'no'}`);
  assert.deepEqual(listed.sort(), wanted.sort());
});
