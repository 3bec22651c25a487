// Runs the simulator: `npm run sim -- --seed N`, `npm run sim -- --seeds K [--base-seed B] [--jobs J]`; `--help` tells the rest. Whole
// clusters of production code under seeded faults; exit code 1 when a checker names a broken invariant.
import { ensureBuilt } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

await ensureBuilt();
process.chdir(root);
await import('../packages/sim/dist/main.js');
