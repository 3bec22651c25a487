// `npm run pack-test`: what a user gets. Packs every package that is published, installs the tarballs in an empty folder with --ignore-scripts, starts
// `npx kvorum dev --memory` there and asks /readyz, runs an example, and compiles a strict TypeScript program against @kvorum/server. Then the same for
// @kvorum/client alone, which needs two packages of ours and nothing else; with --versions on every supported version of Node.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeMajors, nodeOf } from './lib/node-versions.mjs';
import { ensureBuilt, ensureInstalled, packageFolders, requireNode } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';
import { npmCommand, run, tool } from './lib/run.mjs';

const READY_MS_MAX = 20_000;

const CONSUMER = `
import { KvorumError, type KvorumNode, startNode, type StartOptions } from '@kvorum/server';

const options: StartOptions = { storage: 'memory', clientAddress: 'off' };
const node: KvorumNode = await startNode(options);
try {
  await node.put('greeting', 'hello', { ifAbsent: true });
} catch (error) {
  if (error instanceof KvorumError) console.log(error.code);
}
const { kv, revision } = await node.get('greeting');
console.log(kv?.modRevision, kv?.value.length, revision);
for await (const page of (await node.list()).pages) for (const { key } of page) console.log(key.length);
await node.close();
`;
/** What a program without a server near it sees. */
const CLIENT_PROGRAM = `
import { ClientError, connect } from '@kvorum/client';
import { GrpcServer } from '@kvorum/grpc';
import { KvorumError } from '@kvorum/protocol';

const [major] = process.argv.slice(2);
if (!process.version.startsWith('v' + major + '.')) throw new Error(process.version + ' instead of ' + major);
if (typeof GrpcServer !== 'function' || typeof KvorumError !== 'function') throw new Error('not what is exported');
const error = await connect('kvorum://127.0.0.1:1', { connectTimeoutMs: 200 }).catch((cause) => cause);
if (!(error instanceof ClientError) || error.code !== 'UNAVAILABLE') throw new Error('not refused as it should be', { cause: error });
`;
const CLIENT_PACKAGES = ['@kvorum/client', '@kvorum/grpc', '@kvorum/protocol'];
const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  },
  files: ['consumer.ts'],
};

function readManifest(path) {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
}

async function step(name, work) {
  const started = performance.now();
  const problem = await work().catch((error) => error.message);
  const failed = typeof problem === 'string';
  console.log(`${failed ? 'FAILED' : 'ok    '} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  if (failed) console.log(problem);
  return !failed;
}

async function mustRun(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(output.trim());
}

function npm(args, cwd) {
  const { command, prefix, options } = npmCommand();
  return mustRun(command, [...prefix, ...args, '--ignore-scripts', '--no-audit', '--no-fund'], { ...options, cwd });
}

/** Packages carry what runs, what explains it and the license, not what tests it. */
function checkContent(folder, names) {
  const license = readFileSync(join(root, 'LICENSE'), 'utf8');
  for (const name of names) {
    const path = join(folder, 'node_modules', name);
    const files = readdirSync(path, { recursive: true }).map(String);
    const wrong = files.filter((file) => /\.test\.|(^|[/\\])(testing|src|node_modules)[/\\]|tsbuildinfo/.test(file));
    if (wrong.length > 0) throw new Error(`${name} holds what is not for users:\n${wrong.join('\n')}`);
    if (!files.includes('README.md')) throw new Error(`${name} has no README.md`);
    if (readFileSync(join(path, 'LICENSE'), 'utf8') !== license) throw new Error(`${name} has another LICENSE`);
  }
}

/** Starts `npx kvorum dev --memory` and asks the URL it prints for /readyz. The process and what it started are gone afterwards. */
async function askReady(folder) {
  const { command, prefix, options } = npmCommand();
  // `npm exec` is what npx runs; like this it is the npm beside this Node. A process group of its own, since npm starts a shell that starts the command.
  const args = [...prefix, 'exec', '--', 'kvorum', 'dev', '--memory', '--client-address', '127.0.0.1:0'];
  const child = spawn(command, args, { ...options, cwd: folder, detached: process.platform !== 'win32' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const end = (signal) => {
    if (child.exitCode !== null || child.pid === undefined) return;
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  };
  try {
    for (const until = performance.now() + READY_MS_MAX; performance.now() < until; await sleep(100)) {
      if (child.exitCode !== null) throw new Error(`the command ended with exit code ${child.exitCode}:\n${output}`);
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (url !== undefined && (await isReady(`${url}/readyz`))) return;
    }
    throw new Error(`/readyz did not answer 200 within ${READY_MS_MAX / 1000} s:\n${output}`);
  } finally {
    end('SIGTERM');
    await Promise.race([ended, sleep(5_000, undefined, { ref: false }).then(() => end('SIGKILL'))]);
  }
}

async function isReady(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
  return answer?.status === 200;
}

/** On disk, so that LMDB's binary is loaded as it was installed. */
async function runExample(folder) {
  cpSync(join(root, 'examples', 'one-node', 'main.mjs'), join(folder, 'example.mjs'));
  await mustRun(process.execPath, ['example.mjs'], { cwd: folder });
}

async function compileConsumer(folder) {
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  // The consumer's own Node types, as any TypeScript project on Node has them.
  for (const name of ['@types/node', 'undici-types']) {
    mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
    cpSync(tool(name), join(folder, 'node_modules', name), { recursive: true });
  }
  await mustRun(process.execPath, [tool('typescript', 'bin', 'tsc'), '-p', folder], { cwd: folder });
}

/** Only the client's packages, in a folder of their own: nothing native comes with them. */
async function useClientAlone(parent) {
  const folder = join(parent, 'client');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  const packed = CLIENT_PACKAGES.map((name) => name.replace('@', '').replace('/', '-'));
  const files = readdirSync(tarballs).filter((file) => packed.some((name) => file.startsWith(`${name}-`)));
  await npm(['install', '--prefer-offline', ...files.map((file) => join(tarballs, file))], folder);
  const installed = readdirSync(join(folder, 'node_modules'), { recursive: true }).map(String);
  const foreign = installed.filter((path) => path.endsWith('.node') || /^(?!@kvorum|\.)[^/\\]+$/.test(path));
  if (foreign.length > 0) throw new Error(`the client brings along:\n${foreign.join('\n')}`);
  writeFileSync(join(folder, 'program.mjs'), CLIENT_PROGRAM);
  const own = process.versions.node.split('.')[0];
  await mustRun(process.execPath, ['program.mjs', own], { cwd: folder });
  if (!process.argv.includes('--versions')) return;
  for (const major of nodeMajors) {
    const { command, prefix } = nodeOf(major);
    await mustRun(command, [...prefix, 'program.mjs', String(major)], { cwd: folder });
    console.log(`       on Node ${major}`);
  }
}

requireNode();
await ensureInstalled();
await ensureBuilt();
const published = packageFolders().filter((path) => readManifest(path).private !== true);
const folder = mkdtempSync(join(tmpdir(), 'kvorum-pack-'));
const tarballs = join(folder, 'tarballs');
mkdirSync(tarballs);
const steps = [
  ['packs', () => npm(['pack', '--pack-destination', tarballs, ...published], folder)],
  [
    'installs in an empty folder',
    async () => {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
      const files = readdirSync(tarballs).map((name) => join(tarballs, name));
      await npm(['install', '--prefer-offline', ...files], folder);
      checkContent(
        folder,
        published.map((path) => readManifest(path).name),
      );
    },
  ],
  ['npx kvorum dev --memory answers /readyz', () => askReady(folder)],
  ['an example runs on disk', () => runExample(folder)],
  ['a TypeScript program compiles against @kvorum/server', () => compileConsumer(folder)],
  ['@kvorum/client works alone, without native code', () => useClientAlone(folder)],
];
let good = true;
for (const [name, work] of steps) good = (await step(name, work)) && good;
rmSync(folder, { recursive: true, force: true });
process.exitCode = good ? 0 : 1;
