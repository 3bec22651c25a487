// `npm run bench [-- [--profile] NAME…]`: runs every bench/*.mjs, or those with a name given, one after the other, and prints each figure beside its
// target as ok or short, with the raw costs of the machine measured in the same run. `--profile` prints the five biggest costs of each bench's
// busiest processes too. Being short is a finding, not a failure: the exit code is 1 only when a bench did not run.
//
// Set KVORUM_BENCH_DIR to measure another disk than that of the system's temporary folder.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { biggestCosts } from './lib/cpu-profile.mjs';
import { ensureBuilt, ensureInstalled, requireNode } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

const COSTS_SHOWN = 5;
/** The busiest ones: a cluster's nodes, or a bench that starts others. */
const PROCESSES_SHOWN = 3;
/** Runs first whatever is asked for. */
const RAW = 'raw';

function describeMachine() {
  const gibibytes = (totalmem() / 2 ** 30).toFixed(1);
  const load = loadavg()[0].toFixed(1);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return [
    `${new Date().toISOString()}, Node ${process.versions.node}, ${process.platform} ${release()} ${process.arch}`,
    `${model}, ${availableParallelism()} cores, ${gibibytes} GiB, load ${load} before the start`,
  ].join('\n');
}

/** Runs one bench and passes its lines on. */
async function runBench(name, profiles) {
  console.log(`\n${name}`);
  const flags = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const child = spawn(process.execPath, [...flags, join(root, 'bench', `${name}.mjs`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  const marks = { ok: 0, short: [] };
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    if (line.startsWith('ok ')) marks.ok += 1;
    if (line.startsWith('short ')) marks.short.push(line);
  }
  const code = await ended;
  if (code !== 0) console.log(`${name} ended with exit code ${code}`);
  if (profiles !== undefined) printCosts(profiles);
  return { ...marks, isRun: code === 0 };
}

function printCosts(profiles) {
  for (const { busySeconds, costs } of biggestCosts(profiles, COSTS_SHOWN).slice(0, PROCESSES_SHOWN)) {
    console.log(`       main thread of a process, busy for ${busySeconds.toFixed(1)} s:`);
    for (const { name, share } of costs) console.log(`       ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}

async function runProfiled(name, isProfiled) {
  if (!isProfiled) return runBench(name, undefined);
  const profiles = mkdtempSync(join(tmpdir(), 'kvorum-profile-'));
  try {
    return await runBench(name, profiles);
  } finally {
    rmSync(profiles, { recursive: true, force: true });
  }
}

requireNode();
await ensureInstalled();
await ensureBuilt();
const args = process.argv.slice(2);
const isProfiled = args.includes('--profile');
const asked = args.filter((arg) => arg !== '--profile');
const known = readdirSync(join(root, 'bench'))
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => basename(name, '.mjs'))
  .sort((a, b) => Number(b === RAW) - Number(a === RAW) || (a < b ? -1 : 1));
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(2);
}
console.log(describeMachine());
console.log('CPU figures are time on a core and hold on a busy machine; seconds and rates are what this run got.');
const results = [];
for (const name of known) {
  if (asked.length === 0 || name === RAW || asked.includes(name)) results.push(await runProfiled(name, isProfiled));
}
const short = results.flatMap((result) => result.short);
console.log(`\n${results.reduce((sum, { ok }) => sum + ok, 0)} ok, ${short.length} short`);
for (const line of short) console.log(line);
process.exitCode = results.every(({ isRun }) => isRun) ? 0 : 1;
