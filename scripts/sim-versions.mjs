// `npm run sim-versions [-- --seed N]`: runs a seed of the simulator on every supported version of Node and compares the hashes of the event logs (R1);
// exit code 1 when they differ. The versions come from the registry, as packages that hold a ready binary.
import { spawnSync } from 'node:child_process';
import { nodeMajors, nodeOf } from './lib/node-versions.mjs';
import { ensureBuilt } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

await ensureBuilt();
const args = process.argv.length > 2 ? process.argv.slice(2) : ['--seed', '7'];
const hashes = nodeMajors.map((major) => {
  const { command, prefix } = nodeOf(major);
  const simArgs = ['packages/sim/dist/main.js', ...args, '--expect-node', String(major)];
  const run = spawnSync(command, [...prefix, ...simArgs], { cwd: root, encoding: 'utf8' });
  const version = /^node (v[\d.]+)/m.exec(run.stdout)?.[1] ?? `${major}`;
  const hash = /^event log: (.*)$/m.exec(run.stdout)?.[1];
  console.log(`${version.padEnd(10)} ${hash ?? `no event log, exit code ${run.status}: ${run.stderr.trim()}`}`);
  return hash;
});
const isSame = hashes[0] !== undefined && new Set(hashes).size === 1;
console.log(isSame ? 'the same on all' : 'NOT THE SAME');
process.exitCode = isSame ? 0 : 1;
