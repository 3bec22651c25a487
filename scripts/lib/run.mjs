// Child processes for the scripts: run one, wait, and have its output.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * Runs a Node script or program and collects what it prints.
 * @returns {Promise<{ code: number, output: string, seconds: number }>} never rejects; a program that can't be started has code 127
 */
export function run(command, args, options = {}) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const finish = (code) => resolve({ code, output, seconds: (performance.now() - started) / 1000 });
    child.on('error', (error) => {
      output += `${error.message}\n`;
      finish(127);
    });
    child.on('close', (code) => finish(code ?? 1));
  });
}

/** Arguments that run an installed package's JavaScript command with this Node, on any platform. */
export function tool(...path) {
  return join(root, 'node_modules', ...path);
}

/** How to start npm: the one that runs this script where there is one, else the one beside this Node or on the PATH. */
export function npmCommand() {
  const path = process.env.npm_execpath ?? '';
  if (path.endsWith('npm-cli.js')) return { command: process.execPath, prefix: [path], options: {} };
  if (process.platform === 'win32') return { command: 'npm.cmd', prefix: [], options: { shell: true } };
  return { command: 'npm', prefix: [], options: {} };
}
