// `npm test [-- FILTER…]`: installs and builds what is missing, then runs every compiled test file, or those whose path contains one
// of the filters. Prints a line per file, the reason of each skip, the details of each failure, and as its last line
// `N passed, N failed, N skipped`. Exit code 1 if anything failed or nothing ran.
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ensureBuilt, ensureInstalled, packageFolders, requireNode } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';
import { runTestFile } from './lib/test-file.mjs';

const CONCURRENCY = 2;
const FILE_TIMEOUT_MS = 180_000;

function findTests(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return findTests(path);
    return /\.test\.m?js$/.test(entry.name) ? [path] : [];
  });
}

/** The source file's path from the repository's folder, with forward slashes. */
function label(path) {
  const own = relative(root, path).split(sep).join('/');
  return own.replace(/^(packages\/[^/]+)\/dist\/(.*)\.js$/, '$1/src/$2.ts');
}

function printFile({ path, tests, output, seconds }) {
  const isGood = tests.every((test) => test.state !== 'failed');
  const count = `${tests.length}`.padStart(4);
  console.log(`${isGood ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s ${count}  ${label(path)}`);
  if (!isGood && output.trim() !== '') console.log(output.trimEnd());
}

/** Prints what was skipped and what failed, then the counts. Returns whether all is well. */
function summarize(results) {
  const all = results.flatMap(({ path, tests }) =>
    tests.map((test) => ({ ...test, where: `${label(path)}: ${test.name}` })),
  );
  const of = (state) => all.filter((test) => test.state === state);
  for (const { where, reason } of of('skipped')) console.log(`skipped ${where}: ${reason}`);
  for (const { where, error } of of('failed')) console.log(`\nFAILED ${where}\n${error}`);
  const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((state) => of(state).length);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 && passed > 0;
}

async function runAll(paths) {
  const waiting = [...paths];
  const results = [];
  const work = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const result = await runTestFile(path, { timeoutMs: FILE_TIMEOUT_MS });
      printFile(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}

requireNode();
await ensureInstalled();
await ensureBuilt();
// Test files have process groups of their own, so that a hanging one is ended whole; ending this process ends them (see test-file.mjs).
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const filters = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const others = ['scripts', 'test', 'examples', 'bench'].map((name) => join(root, name));
const paths = [...packageFolders().map((folder) => join(folder, 'dist')), ...others]
  .flatMap(findTests)
  .filter(
    (path) => filters.length === 0 || filters.some((filter) => label(path).includes(filter) || path.includes(filter)),
  )
  .sort();
if (paths.length === 0)
  console.log(`no test file${filters.length === 0 ? '' : ` with ${filters.join(' or ')} in its path`}`);
process.exitCode = summarize(await runAll(paths)) ? 0 : 1;
