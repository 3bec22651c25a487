/** What can be wrong with a backup or with the place it is restored to, as errors that end a command. */
import { CommandError } from '../command-error.js';
import type { ExitName } from '../exit-codes.js';

interface Ending {
  readonly exit: ExitName;
  readonly hint?: string;
}

const endings: Readonly<Record<string, Ending>> = {
  SNAPSHOT_DAMAGED: { exit: 'dataDamaged', hint: 'Nothing was written. Use another copy of the backup.' },
  SNAPSHOT_INCOMPLETE: {
    exit: 'dataDamaged',
    hint: 'Nothing was written. The end is missing: was it copied whole? Use another copy of the backup.',
  },
  SNAPSHOT_NEWER_FORMAT: { exit: 'failed', hint: 'Use the newer version of kvorum that wrote it.' },
  SNAPSHOT_OTHER_SHARD: { exit: 'failed' },
  DATA_DIR_NOT_EMPTY: { exit: 'failed', hint: 'Choose an empty or a new directory with --data-dir.' },
  DATA_DIR_LOCKED: { exit: 'cannotStart', hint: 'Stop the process that uses it, or choose another --data-dir.' },
  INVALID_OPTION: { exit: 'usage' },
};

/** Explains a failure; one that is not known passes through. */
export function explainBackupFailure(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof CommandError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error.name === 'DiskError' || error.name === 'StoreError') {
    return new CommandError('diskFailed', `the backup was not restored: ${error.message}`, { code, cause: error });
  }
  const ending = endings[code];
  if (ending === undefined) return error;
  const message = code.startsWith('SNAPSHOT_') ? `${file}: ${error.message.replace(/^snapshot: /, '')}` : error.message;
  return new CommandError(ending.exit, message, { code, hint: ending.hint, cause: error });
}
