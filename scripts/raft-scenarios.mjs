// Runs Raft scenario files: `npm run raft-scenarios -- PATH…`, files or directories (searched for *.txt, at any depth).
// One line per file, `ok FILE (N cases)` or `differs FILE:LINE` with a diff. Exit code 1 on a difference, 2 on nothing to run.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ensureBuilt } from './lib/prepare.mjs';

const USAGE = 'usage: npm run raft-scenarios -- PATH…   (scenario files, or directories with *.txt files)';

function stop(message) {
  process.stderr.write(`raft-scenarios: ${message}\n${USAGE}\n`);
  process.exit(2);
}

function filesIn(path) {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) stop(`no such file or directory: ${path}`);
  if (!info.isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true });
  return names
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => join(path, name));
}

const paths = process.argv.slice(2);
if (paths.length === 0) stop('no path given');
const files = paths.flatMap((path) => filesIn(resolve(path)));
if (files.length === 0) stop(`no *.txt file in ${paths.join(', ')}`);

await ensureBuilt();
const { runScenario } = await import('../packages/core/dist/raft/scenario/run.js');
const { describeDifference } = await import('../packages/core/dist/raft/scenario/difference.js');

let different = 0;
for (const file of files) {
  const name = relative(process.cwd(), file);
  let results;
  try {
    results = runScenario(readFileSync(file, 'utf8'));
  } catch (error) {
    different += 1;
    console.log(`differs ${name}: ${error.message}`);
    continue;
  }
  if (results.length === 0) {
    different += 1;
    console.log(`differs ${name}: holds no case`);
    continue;
  }
  const first = results.find((result) => !result.isExact);
  if (first === undefined) {
    console.log(`ok ${name} (${results.length} cases)`);
    continue;
  }
  different += 1;
  console.log(`differs ${name}:${first.line}\n  ${first.directive}\n${describeDifference(first)}`);
}
console.log(`${files.length} files, ${different === 0 ? 'all exact' : `${different} differ`}`);
process.exitCode = different === 0 ? 0 : 1;
