// What this machine takes for the least that durability and agreement need. `npm run bench` runs it first, beside whatever else is asked for.
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { bestOf } from './lib/cpu.mjs';
import { emptyTurns, loopbackRoundTrips, openBareLog } from './lib/raw.mjs';
import { figure, median, percentile } from './lib/report.mjs';
import { inScratch } from './lib/scratch.mjs';

await inScratch((folder) => {
  const log = openBareLog(join(folder, 'bare.dat'), 384);
  const times = Array.from({ length: 2_000 }, () => log.append() * 1000);
  log.close();
  figure('raw: preallocated write of 384 bytes + fdatasync, p50', median(times), 'µs');
  figure('raw: preallocated write of 384 bytes + fdatasync, p99', percentile(times, 0.99), 'µs');
});
figure(
  'raw: loopback round trip of 300 bytes between processes, p50',
  median(await loopbackRoundTrips(5_000, 300)) * 1000,
  'µs',
);
figure('raw: empty turn of the event loop, p50', median(await emptyTurns(5_000)) * 1000, 'µs');
const mebibyte = new Uint8Array(1 << 20);
const hashed = bestOf(5, 20, () => {
  for (let n = 0; n < 20; n += 1) createHash('sha256').update(mebibyte).digest();
});
figure('raw: SHA-256 of 1 MiB, CPU (how fast a core is)', hashed, 'µs');
