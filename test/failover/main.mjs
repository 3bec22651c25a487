/**
 * `npm run failover-test`: three real processes, our client, and counters that are incremented by compare-and-set while leaders are killed; see
 * docs/testing-details.md. Exit code 0 only when no caller met an error, every counter is exact, writes resumed in time, the watch told of every
 * revision once, and the histories are linearizable.
 */
import { ensureBuilt, ensureInstalled, requireNode } from '../../scripts/lib/prepare.mjs';
import { createChance } from '../crash/lib/chance.mjs';
import { readOptions, USAGE } from './options.mjs';

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

async function main(args) {
  const options = readOptions(args);
  if (options.isHelp) {
    console.log(USAGE);
    return true;
  }
  requireNode();
  await ensureInstalled();
  await ensureBuilt();
  // These load what was built just now.
  const { runCampaign } = await import('./campaign.mjs');
  const { killLine, RESUME_MS_MAX, summaryLines } = await import('./report.mjs');
  const { increments, kills, seed, keep } = options;
  console.log(`failover test: ${increments} increments, ${kills} kills, seed ${seed} (repeat with --seed ${seed})`);
  const onKill = (number, kill) => console.log(killLine(number, kill));
  const chance = createChance(seed);
  const limits = { increments, kills, resumeMsMax: RESUME_MS_MAX };
  const result = await runCampaign({ ...limits, chance, keep, onKill, onStarted });
  for (const line of summaryLines(result)) console.log(line);
  const { problems } = result;
  if (!problems.isClean) for (const line of ['PROBLEMS', ...problems.lines]) console.log(line);
  console.log(problems.isClean ? '\nfailover test passed' : '\nfailover test FAILED');
  return problems.isClean;
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  await cleanUp();
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 2;
}
