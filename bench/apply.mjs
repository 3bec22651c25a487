// The apply path as a shard uses it: state machine (index, ring, hashes) with the flusher and LMDB behind it, over a million keys.
// `node bench/apply.mjs`; build first.
import { openApplyPath } from './lib/apply-path.mjs';
import { usedBy } from './lib/cpu.mjs';
import { fillingEntries, makeEntries, makeKeys, scattered } from './lib/puts.mjs';
import { figure, median } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

const KEYS = 1_000_000;
const PUTS_PER_ROUND = 150_000;
const ROUNDS = 5;

await inScratch(async (folder) => {
  const path = await openApplyPath(folder);
  const keys = makeKeys(KEYS);
  await path.apply(fillingEntries(keys));
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const entries = makeEntries(keys, PUTS_PER_ROUND, (n) => scattered(n + round * PUTS_PER_ROUND, KEYS));
    rounds.push(await usedBy(() => path.apply(entries)));
  }
  await path.close();
  const perPut = (part) => median(rounds.map((used) => used[part])) / PUTS_PER_ROUND;
  const name = `apply path, 256-byte values, ${KEYS / 1e6} M keys`;
  figure(`${name}, main thread`, perPut('main'), 'µs CPU per put', { most: 4 });
  figure(`${name}, all threads`, perPut('all'), 'µs CPU per put', { most: 8 });
  figure(`${name}, time`, perPut('wall'), 'µs per put');
});
