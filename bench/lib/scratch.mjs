// A folder for one run, on the disk of the system's temporary folder or, as first argument of a bench, on another.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work(folder)` and removes the folder whatever happens. */
export async function inScratch(work, parent = process.env.KVORUM_BENCH_DIR ?? tmpdir()) {
  const folder = mkdtempSync(join(parent, 'kvorum-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
