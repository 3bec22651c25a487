// `npm run check`: what a commit must pass. Steps run side by side, types before lint because lint reads the built declarations of
// the other packages. One line per step; findings of failed steps follow at the end.
import { ensureInstalled, packageFolders, removeStaleOutput, requireNode } from './lib/prepare.mjs';
import { run, tool } from './lib/run.mjs';

const node = process.execPath;
const failures = [];

async function step(name, args) {
  const { code, output, seconds } = await run(node, args);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(5)} s`);
  if (code !== 0) failures.push({ name, output });
  return code === 0;
}

async function typesThenLint() {
  removeStaleOutput(packageFolders());
  await step('types', [tool('typescript', 'bin', 'tsc'), '-b']);
  await step('lint', [tool('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings', '--format=unix']);
}

async function formatThenRules() {
  await step('format', [
    tool('@biomejs', 'biome', 'bin', 'biome'),
    'format',
    '--colors=off',
    '--max-diagnostics=50',
    '.',
  ]);
  await step('rules', ['scripts/check/rules.mjs']);
  await step('unused', [tool('knip', 'bin', 'knip.js'), '--no-progress', '--no-config-hints']);
}

requireNode();
await ensureInstalled();
const started = performance.now();
await Promise.all([typesThenLint(), formatThenRules()]);
for (const { name, output } of failures) console.log(`\n--- ${name}\n${output.trim()}`);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  failures.length === 0
    ? `check passed in ${seconds} s`
    : `\ncheck failed: ${failures.map((f) => f.name).join(', ')} (${seconds} s)`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
