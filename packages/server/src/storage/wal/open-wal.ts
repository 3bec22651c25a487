/** Opens the log of a node: recovers what is there, or starts a new one. */
import { completeWalOptions } from './options.js';
import { recoverLog } from './recover.js';
import type { OpenedWal, WalDeps, WalEvents, WalOptions } from './wal.js';
import { WalLog } from './wal-log.js';

/**
 * The directory must exist and be locked by this process. Rejects with `WalDamagedError` or `WalVersionError` before anything is changed on
 * disk, or with a `DiskError`.
 */
export async function openWal(
  deps: WalDeps,
  directory: string,
  options: Partial<WalOptions>,
  events: WalEvents,
): Promise<OpenedWal> {
  const complete = completeWalOptions(options);
  const found = await recoverLog(deps, directory);
  const recovered = found.replay.recovered();
  const writer = await deps.disk.openLogWriter();
  const wal = new WalLog(deps, writer, directory, complete, events, found);
  try {
    await wal.start(found);
  } catch (error) {
    await wal.close();
    throw error;
  }
  return { wal, recovered, isFresh: found.segments.length === 0 };
}
