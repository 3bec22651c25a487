// Checks histories: `npm run check-history -- [--whole] [--timeout SECONDS] FILE…`. One line per file on stdout: `FILE linearizable`,
// `FILE not-linearizable` or `FILE unknown`; the reason of the latter two goes to stderr. `unknown` is a file that ran into the time bound
// (60 s unless told) or the memory bound, or that can't be read as a history, lost lines for instance. `--whole` checks all keys as one
// object. Exit code: 0 all linearizable, 1 one is not, 2 wrong usage or a file that can't be read, 3 none of these but one is unknown.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/prepare.mjs';

const USAGE = 'usage: npm run check-history -- [--whole] [--timeout SECONDS] FILE…';
const EXIT = { linearizable: 0, 'not-linearizable': 1, unreadable: 2, unknown: 3 };

function stop(message) {
  process.stderr.write(`check-history: ${message}\n${USAGE}\n`);
  process.exit(2);
}

function readArguments() {
  try {
    const options = { whole: { type: 'boolean', default: false }, timeout: { type: 'string', default: '60' } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const seconds = Number(values.timeout);
    if (!(seconds > 0 && seconds <= 86_400))
      stop(`--timeout takes seconds from above 0 to 86400, not "${String(values.timeout)}"`);
    if (positionals.length === 0) stop('no file given');
    return { isWhole: values.whole, seconds, files: positionals };
  } catch (error) {
    return stop(error.message);
  }
}

const { isWhole, seconds, files } = readArguments();
await ensureBuilt();
const { checkText } = await import('../packages/sim/dist/linearizability/check-text.js');

function check(file) {
  const deadline = performance.now() + seconds * 1000;
  try {
    const bounds = { isOverdue: () => performance.now() > deadline };
    const { verdict, reason } = checkText(readFileSync(file, 'utf8'), { isWhole, bounds });
    return { verdict, outcome: verdict, reason };
  } catch (error) {
    return { verdict: 'unknown', outcome: 'unreadable', reason: error.message };
  }
}

const outcomes = new Set();
for (const file of files) {
  const { verdict, outcome, reason } = check(file);
  console.log(`${file} ${verdict}`);
  if (reason !== undefined) process.stderr.write(`${file}: ${reason}\n`);
  outcomes.add(outcome);
}
const worst = ['not-linearizable', 'unreadable', 'unknown'].find((outcome) => outcomes.has(outcome));
process.exitCode = EXIT[worst ?? 'linearizable'];
