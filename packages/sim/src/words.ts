/** Words for what went wrong. */

/** What a power cut does to changes that were not synced, as faults. */
export const cutNames: Readonly<Record<string, string>> = {
  kept: 'keptWrite',
  lost: 'lostWrite',
  torn: 'tornWrite',
  reordered: 'reorderedWrite',
  nameKept: 'keptDirectoryEntry',
  nameLost: 'lostDirectoryEntry',
};

/** Why a node ended or would not start, in a word. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'internal';
}

/** All there is to know of an error. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
