/** Opens the log of a node: recovers what is there, or starts a new one. */
import type { OpenedWal, WalDeps, WalEvents, WalOptions } from './wal.js';

/**
 * The directory must exist and be locked by this process. Rejects with `WalDamagedError` or `WalVersionError` before anything is changed on
 * disk, or with a `DiskError`.
 */
export async function openWal(
  _deps: WalDeps,
  _directory: string,
  _options: Partial<WalOptions>,
  _events: WalEvents,
): Promise<OpenedWal> {
  return Promise.reject(new Error('not implemented yet'));
}
