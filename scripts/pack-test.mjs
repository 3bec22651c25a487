// `npm run pack-test`: what a user gets. Packs every package, installs the tarballs in an empty folder with --ignore-scripts, starts
// `kvorum dev --memory` from there and asks /readyz, then compiles a strict TypeScript program against @kvorum/server.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBuilt, ensureInstalled, packageFolders, requireNode } from './lib/prepare.mjs';
import { npmCommand, run, tool } from './lib/run.mjs';

const READY_MS_MAX = 20_000;

const CONSUMER = `
import { startNode } from '@kvorum/server';

const node = await startNode({ storage: 'memory' });
await node.put('greeting', 'hello');
const found = await node.get('greeting');
console.log(found?.modRevision);
await node.close();
`;
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

/** Packages carry what runs, not what tests it. */
function refuseTestFiles(folder) {
  const installed = ['@kvorum', 'kvorum'].map((name) => join(folder, 'node_modules', name));
  const names = installed.flatMap((path) =>
    readdirSync(path, { recursive: true }).map((name) => join(path, `${name}`)),
  );
  const own = names.filter((name) => !name.slice(folder.length + 'node_modules/'.length + 1).includes('node_modules'));
  const wrong = own.filter((name) => /\.test\.|[/\\]testing[/\\]|tsbuildinfo/.test(name));
  if (wrong.length > 0) throw new Error(`not for users:\n${wrong.join('\n')}`);
}

/** A port that is free now; the command under test wants to be told one. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function isReady(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
  return answer?.status === 200;
}

/** Starts the installed command and waits for /readyz; the process and what it started are gone afterwards. */
async function askReady(folder) {
  const port = await freePort();
  const main = join(folder, 'node_modules', 'kvorum', 'dist', 'main.js');
  const child = spawn(process.execPath, [main, 'dev', '--memory', '--client-port', `${port}`], { cwd: folder });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    for (const end = performance.now() + READY_MS_MAX; performance.now() < end; await sleep(100)) {
      if (child.exitCode !== null) throw new Error(`the command ended with exit code ${child.exitCode}:\n${output}`);
      if (await isReady(`http://127.0.0.1:${port}/readyz`)) return;
    }
    throw new Error(`/readyz did not answer 200 within ${READY_MS_MAX / 1000} s:\n${output}`);
  } finally {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(5_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))]);
  }
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

requireNode();
await ensureInstalled();
await ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'kvorum-pack-'));
const tarballs = join(folder, 'tarballs');
mkdirSync(tarballs);
const steps = [
  ['packs', () => npm(['pack', '--pack-destination', tarballs, ...packageFolders()], folder)],
  [
    'installs in an empty folder',
    async () => {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
      const files = readdirSync(tarballs).map((name) => join(tarballs, name));
      await npm(['install', '--prefer-offline', ...files], folder);
      refuseTestFiles(folder);
    },
  ],
  ['kvorum dev --memory answers /readyz', () => askReady(folder)],
  ['a TypeScript program compiles against @kvorum/server', () => compileConsumer(folder)],
];
let good = true;
for (const [name, work] of steps) good = (await step(name, work)) && good;
rmSync(folder, { recursive: true, force: true });
process.exitCode = good ? 0 : 1;
