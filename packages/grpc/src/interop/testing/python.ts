/** Python programs with grpcio, which the tests of both directions talk to. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The first Python 3 of this machine that imports grpc; undefined if none does. */
export const python: string | undefined = interpreters().find(
  (path) => spawnSync(path, ['-c', 'import grpc'], { timeout: 10_000 }).status === 0,
);

/** Why tests with Python are left out, for the `skip` option. */
export const withoutPython: string | false = python === undefined ? 'no Python 3 here imports grpc' : false;

const folder = fileURLToPath(new URL('../../../testdata/', import.meta.url));

/** Runs a program of testdata to its end; resolves with what it printed. */
export async function runPython(program: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(python ?? '', [join(folder, program), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return output;
}

/** Starts a program of testdata that runs until its input ends; resolves with its first line. */
export async function startPython(context: TestContext, program: string): Promise<string> {
  const child = spawn(python ?? '', [join(folder, program)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  context.after(async () => {
    child.stdin.end();
    await ended;
  });
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error(`${program} ended`);
}

/** `python3` of each folder first, then those with a version in their name. */
function interpreters(): string[] {
  const folders = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'])];
  const found = folders.flatMap((path) => filesOf(path).map((file) => [path, file] as const));
  const matching = (pattern: RegExp): string[] =>
    found.filter(([, file]) => pattern.test(file)).map(([path, file]) => join(path, file));
  return [...matching(/^python3$/), ...matching(/^python3\.\d+$/)];
}

function filesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
