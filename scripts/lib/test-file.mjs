// Runs one test file in a process of its own and tells what came of each test in it. Not `node --test` with a reporter: in Node 20 a
// file's end can overtake its tests there, and a hanging file can't be told from a slow one.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPORTER = new URL('line-reporter.mjs', import.meta.url).href;

function readTests(path) {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  } catch {
    return []; // The process ended before it could write whole lines; its exit code tells of the failure.
  }
}

/** Ends a file that takes too long, together with the processes it started where the platform has process groups. */
function end(child) {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // The group has ended in this moment.
  }
}

/**
 * @returns {Promise<{ path: string, tests: { name: string, state: string, reason?: string, error?: string }[], output: string,
 *   seconds: number }>} never rejects. A process that ends badly without a failed test counts as one failed test of its own.
 */
export function runTestFile(path, { timeoutMs }) {
  const folder = mkdtempSync(join(tmpdir(), 'kvorum-test-'));
  const report = join(folder, 'tests');
  const started = performance.now();
  const { NODE_TEST_CONTEXT: _nested, ...env } = process.env;
  const flags = ['--enable-source-maps', `--test-reporter=${REPORTER}`, `--test-reporter-destination=${report}`];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...flags, path], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let output = '';
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const timer = setTimeout(() => {
      timedOut = true;
      end(child);
    }, timeoutMs);
    const stop = () => end(child);
    process.once('exit', stop);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', stop);
      const tests = readTests(report);
      rmSync(folder, { recursive: true, force: true });
      if (code !== 0 && !tests.some((test) => test.state === 'failed')) {
        const how = timedOut
          ? `did not end within ${timeoutMs / 1000} s`
          : `ended with ${signal ?? `exit code ${code}`}`;
        tests.push({ name: 'the file itself', state: 'failed', error: how });
      }
      resolve({ path, tests, output, seconds: (performance.now() - started) / 1000 });
    });
  });
}
