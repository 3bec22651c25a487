/** The exit codes of the command: one table, from which the code, the help text and docs/cli.md speak. */

export const exitCodes = {
  ok: { code: 0, meaning: 'done; for a node: stopped after an orderly end' },
  failed: { code: 1, meaning: 'the operation failed: key not found, condition not met, refused, node not ready' },
  usage: { code: 2, meaning: 'wrong flags, arguments or configuration; nothing was started or sent' },
  cannotStart: {
    code: 3,
    meaning: 'the node or demo cannot start: port taken, data directory in use, of another node or of a newer format',
  },
  identityRefused: {
    code: 4,
    meaning: 'the cluster refused this node: its data was wiped or replaced under an id in use',
  },
  diskFailed: { code: 5, meaning: 'a write, sync or rename failed; the node ended itself to keep the data safe' },
  dataDamaged: {
    code: 6,
    meaning: 'stored data is damaged or contradicts the other replicas, or a backup is damaged; it is not used',
  },
  unavailable: { code: 7, meaning: 'no endpoint answered, or no quorum; nothing was changed' },
  outcomeUnknown: { code: 8, meaning: 'no answer to a write: it may have happened; read before trying again' },
  internal: { code: 70, meaning: 'an error inside kvorum; please report it' },
  interrupted: { code: 130, meaning: 'ended at once by a second Ctrl-C or SIGTERM' },
} as const;

export type ExitName = keyof typeof exitCodes;

/** The table as lines of help text. */
export function exitCodesHelp(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ['Exit codes:', ...rows].join('\n');
}
