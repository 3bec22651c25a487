/** `If-Match` and `If-None-Match`: compare-and-set on a key's modRevision. */
import type { IncomingHttpHeaders } from 'node:http';
import { KvorumError } from '@kvorum/protocol';
import { parseInteger } from './query.js';
import { revisionMax } from './limits.js';

/** The condition of a write; both absent: unconditional. */
export interface WriteCondition {
  readonly ifModRevision?: number;
  readonly ifAbsent?: boolean;
}

const unconditional: WriteCondition = {};

/** Reads the condition headers of a PUT (or DELETE, where `If-None-Match` makes no sense). Fails with INVALID_ARGUMENT. */
export function readCondition(headers: IncomingHttpHeaders, isDelete: boolean): WriteCondition {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match === undefined && noneMatch === undefined) return unconditional;
  if (noneMatch === undefined) return { ifModRevision: parseMatch(match ?? '') };
  if (match !== undefined) {
    throw bad('If-None-Match', 'If-Match and If-None-Match exclude each other', 'one of the two');
  }
  if (isDelete) throw bad('If-None-Match', 'If-None-Match has no meaning on DELETE', 'If-Match, or no condition');
  if (noneMatch.trim() !== '*') {
    throw bad(
      'If-None-Match',
      `If-None-Match is ${JSON.stringify(noneMatch.slice(0, 64))}`,
      '* (the key must be absent)',
    );
  }
  return { ifAbsent: true };
}

/** `5` or `"5"`; not `*`, not a list, not a weak tag. */
function parseMatch(text: string): number {
  const trimmed = text.trim();
  const isQuoted = trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"');
  try {
    return parseInteger(isQuoted ? trimmed.slice(1, -1) : trimmed, 'If-Match', 1, revisionMax);
  } catch (error) {
    const shown = JSON.stringify(text.slice(0, 64));
    const allowed = `one modRevision, an integer from 1 to ${revisionMax}, quoted or not; for an absent key use If-None-Match: *`;
    throw new KvorumError(
      'INVALID_ARGUMENT',
      `If-Match is ${shown}; allowed is ${allowed}`,
      { field: 'If-Match', allowed },
      error,
    );
  }
}

function bad(field: string, message: string, allowed: string): KvorumError {
  return new KvorumError('INVALID_ARGUMENT', `${message}; allowed is ${allowed}`, { field, allowed });
}
