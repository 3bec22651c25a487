// Runs Raft scenario files: `npm run raft-scenarios -- PATH…`, files or directories (searched for *.txt, at any depth).
// One line per file, `ok FILE (N cases)` or `differs FILE:LINE` with a diff. Exit code 1 on a difference, 2 on nothing to run.
// With `--write` the files get what was printed as their expected output instead: for our own files, to be read through after.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

/** The text with each case's expected output replaced by what it printed. */
function rewritten(text, results) {
  const lines = text.split('\n');
  for (const { line, expectedLine, expected, actual } of [...results].reverse()) {
    const printed = actual.slice(0, -1).split('\n');
    if (printed.some((one) => one.trim() === ''))
      stop(`the case at line ${line} prints a blank line, write it by hand`);
    lines.splice(expectedLine - 1, expected === '' ? 0 : expected.slice(0, -1).split('\n').length, ...printed);
  }
  return lines.join('\n');
}

const isWriting = process.argv.includes('--write');
const paths = process.argv.slice(2).filter((argument) => argument !== '--write');
if (paths.length === 0) stop('no path given');
const files = paths.flatMap((path) => filesIn(resolve(path)));
if (files.length === 0) stop(`no *.txt file in ${paths.join(', ')}`);

await ensureBuilt();
const { runScenario } = await import('../packages/core/dist/raft/scenario/run.js');
const { describeDifference } = await import('../packages/core/dist/raft/scenario/difference.js');

let different = 0;
let cases = 0;
for (const file of files) {
  const name = relative(process.cwd(), file);
  const text = readFileSync(file, 'utf8');
  let results;
  try {
    results = runScenario(text);
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
  if (isWriting) {
    writeFileSync(file, rewritten(text, results));
    console.log(`wrote ${name} (${results.length} cases)`);
    continue;
  }
  cases += results.length;
  const first = results.find((result) => !result.isExact);
  if (first === undefined) {
    console.log(`ok ${name} (${results.length} cases)`);
    continue;
  }
  different += 1;
  console.log(`differs ${name}:${first.line}\n  ${first.directive}\n${describeDifference(first)}`);
}
console.log(`${files.length} files, ${cases} cases, ${different === 0 ? 'all exact' : `${different} differ`}`);
process.exitCode = different === 0 ? 0 : 1;
