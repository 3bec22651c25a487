/**
 * `npm run crash-test`: three real processes under load, killed with SIGKILL in every way; see docs/testing.md. Then the same with nodes that
 * acknowledge before they write, to show that the test would have noticed. Exit code 0 only when the first loses nothing and the second is caught.
 */
import { ensureBuilt, ensureInstalled, requireNode } from '../../scripts/lib/prepare.mjs';
import { runCampaign } from './campaign.mjs';
import { createChance } from './lib/chance.mjs';
import { planIncidents } from './lib/incidents.mjs';
import { readOptions, USAGE } from './options.mjs';
import { caughtWords, problemLines, roundLine, summaryLines } from './report.mjs';

const MUTANT = 'ack-before-append';
const MUTANT_ROUNDS = 10;
const ACKNOWLEDGED_PER_ROUND_MIN = 700;

/** Ends running nodes and removes their data when the test itself is told to end. */
let cleanUp = async () => undefined;
const onStarted = (close) => {
  cleanUp = close;
  return () => {
    cleanUp = async () => undefined;
  };
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    console.log(`\n${signal}: ending the nodes`);
    void cleanUp().finally(() => process.exit(1));
  });
}

async function run({ rounds, seed, testSwitch, keepsData = true }) {
  const chance = createChance(seed);
  const plan = testSwitch === undefined ? planIncidents(rounds, chance) : Array.from({ length: rounds }, () => 'all');
  const startedMs = performance.now();
  const onRound = (round) => console.log(roundLine(round));
  const result = await runCampaign({ plan, chance, testSwitch, keepsData, onRound, onStarted });
  for (const line of summaryLines(result, (performance.now() - startedMs) / 1000)) console.log(line);
  return result;
}

/** True when nothing is wrong and enough was done to say so. */
async function runReal(options) {
  const result = await run(options);
  const { ledger } = result;
  const wanted = options.rounds * ACKNOWLEDGED_PER_ROUND_MIN;
  const isEnough = ledger.acknowledged.length >= wanted;
  if (!ledger.isClean) for (const line of ['PROBLEMS', ...problemLines(result)]) console.log(line);
  if (!isEnough) console.log(`  fewer than ${wanted} acknowledged writes: too few to say anything`);
  return ledger.isClean && isEnough;
}

/** True when the mutant was caught. */
async function runMutant(options) {
  console.log(`\nnodes with ${MUTANT}: must be caught within ${MUTANT_ROUNDS} rounds`);
  const result = await run({ ...options, rounds: MUTANT_ROUNDS, testSwitch: MUTANT, keepsData: false });
  const isCaught = !result.ledger.isClean;
  console.log(
    isCaught ? `${MUTANT}: caught (${caughtWords(result)})` : `${MUTANT}: NOT CAUGHT in ${MUTANT_ROUNDS} rounds`,
  );
  return isCaught;
}

async function main(args) {
  const options = readOptions(args);
  if (options.isHelp) {
    console.log(USAGE);
    return true;
  }
  requireNode();
  await ensureInstalled();
  await ensureBuilt();
  console.log(`crash test: ${options.rounds} rounds, seed ${options.seed} (repeat with --seed ${options.seed})`);
  const isReal = await runReal(options);
  const isCaught = options.withMutant ? await runMutant(options) : true;
  console.log(isReal && isCaught ? '\ncrash test passed' : '\ncrash test FAILED');
  return isReal && isCaught;
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  await cleanUp();
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 2;
}
