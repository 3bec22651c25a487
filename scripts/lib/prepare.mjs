// Brings a fresh clone to the point where built code can run: right Node, packages installed as locked, TypeScript compiled.
// Says in a line each what it does, is silent where nothing is to do, and ends the process with the cause where it can't.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';
import { npmCommand, run, tool } from './run.mjs';

const NODE_MIN = [20, 19];

function fail(message, output) {
  if (output) process.stderr.write(output.endsWith('\n') ? output : `${output}\n`);
  process.stderr.write(`kvorum: ${message}\n`);
  process.exit(1);
}

/** Ends the process on a Node that is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`Node.js ${NODE_MIN.join('.')} or newer is needed, this is ${process.versions.node} (${process.execPath})`);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Why node_modules isn't what package-lock.json says, or undefined. Compares with the record npm leaves when an install is complete.
 * Optional packages of other platforms are in the lockfile only.
 */
export function installProblem(folder) {
  const lock = readJson(join(folder, 'package-lock.json'));
  if (lock === undefined) return undefined;
  const installed = readJson(join(folder, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'nothing is installed';
  for (const [key, wanted] of Object.entries(lock.packages)) {
    if (!key.startsWith('node_modules/')) continue;
    const found = installed.packages[key];
    if (found === undefined && wanted.optional === true) continue;
    if (found?.version !== wanted.version || found?.resolved !== wanted.resolved) {
      return `${key.slice('node_modules/'.length)} is not as locked`;
    }
  }
  return undefined;
}

/** Installs from the lockfile when node_modules is missing or stale. */
export async function ensureInstalled() {
  const problem = installProblem(root);
  if (problem === undefined) return;
  console.log(`kvorum: ${problem}, running "npm ci --ignore-scripts"`);
  const { command, prefix, options } = npmCommand();
  const args = [...prefix, 'ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const { code, output, seconds } = await run(command, args, options);
  if (code !== 0) fail(`npm ci failed (exit code ${code}): is the package registry reachable?`, output);
  console.log(`kvorum: installed in ${seconds.toFixed(1)} s`);
}

/** Removes compiled files whose source is gone, so that a deleted test doesn't run on. Returns how many. */
export function removeStaleOutput(packages) {
  let removed = 0;
  const clean = (dist, src) => {
    for (const entry of existsSync(dist) ? readdirSync(dist, { withFileTypes: true }) : []) {
      const path = join(dist, entry.name);
      if (entry.isDirectory()) {
        clean(path, join(src, entry.name));
        continue;
      }
      const stem = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(entry.name)?.[1];
      if (stem === undefined || existsSync(join(src, `${stem}.ts`))) continue;
      rmSync(path);
      removed += 1;
    }
  };
  for (const folder of packages) clean(join(folder, 'dist'), join(folder, 'src'));
  return removed;
}

/** Folders of the workspace's packages. */
export function packageFolders() {
  return readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
}

/** Compiles what changed (`tsc -b`) and ends the process with the compiler's output on an error. */
export async function ensureBuilt() {
  removeStaleOutput(packageFolders());
  const isFirst = packageFolders().some((folder) => !existsSync(join(folder, 'dist')));
  if (isFirst) console.log('kvorum: compiling TypeScript');
  const { code, output, seconds } = await run(process.execPath, [tool('typescript', 'bin', 'tsc'), '-b']);
  if (code !== 0) fail('the build failed', output);
  if (isFirst) console.log(`kvorum: compiled in ${seconds.toFixed(1)} s`);
}
