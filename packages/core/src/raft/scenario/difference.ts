/**
 * Where the output of a case differs from what was expected.
 */
import type { CaseResult } from './run.js';

const CONTEXT_LINES = 3;
const LINES_MAX = 40;

/** A diff from the first differing line on: `-` expected, `+` actual. Empty when there is no difference. */
export function describeDifference(result: CaseResult): string {
  const expected = linesOf(result.expected);
  const actual = linesOf(result.actual);
  let start = 0;
  while (start < expected.length && start < actual.length && expected[start] === actual[start]) start += 1;
  if (start === expected.length && start === actual.length) return '';
  let end = 0;
  while (
    end < Math.min(expected.length, actual.length) - start &&
    expected[expected.length - 1 - end] === actual[actual.length - 1 - end]
  ) {
    end += 1;
  }
  const before = expected.slice(Math.max(0, start - CONTEXT_LINES), start);
  const after = expected.slice(expected.length - end, expected.length - end + CONTEXT_LINES);
  const lines = [
    `  @@ line ${result.expectedLine + start} @@`,
    ...before.map((line) => `    ${line}`),
    ...limited(expected.slice(start, expected.length - end)).map((line) => `  - ${line}`),
    ...limited(actual.slice(start, actual.length - end)).map((line) => `  + ${line}`),
    ...after.map((line) => `    ${line}`),
  ];
  return lines.join('\n');
}

function linesOf(text: string): readonly string[] {
  return text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n');
}

function limited(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX), `… ${lines.length - LINES_MAX} more lines`];
}
