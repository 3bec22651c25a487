// `npm start`: installs and builds what is missing, then runs `kvorum demo` with the arguments given (`npm start -- --nodes 5`).
//
// Signals. In a terminal Ctrl-C reaches every process of the foreground group, the demo included, and npm passes it on to this
// process once more. The demo's second Ctrl-C means "end now", so one key press must not count twice: in a terminal SIGINT is left to
// the terminal, elsewhere it is passed on. SIGTERM and SIGHUP come to one process only and are always passed on.
//
// npm starts this script through a shell, and a SIGTERM for npm ends that shell without a word to this process. So when started by npm it
// looks after its parent, and stops the demo when that is gone.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

const PARENT_CHECK_MS = 250;

requireNode();
await ensureInstalled();
await ensureBuilt();

const main = join(root, 'packages', 'cli', 'dist', 'main.js');
const child = spawn(process.execPath, [main, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
const inTerminal = process.stdin.isTTY === true || process.stdout.isTTY === true;

process.on('SIGINT', () => {
  if (!inTerminal) child.kill('SIGINT');
});
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
if (process.env.npm_lifecycle_event === 'start') {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
}
child.on('error', (error) => {
  process.stderr.write(`kvorum: the demo can't be started: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});
