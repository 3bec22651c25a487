/** How commands print: text for people, one JSON value per line for programs. */
import type { Writable } from 'node:stream';
import { CommandError } from './command-error.js';

/** Prints a line. */
export function printLine(stream: Writable, text: string): void {
  stream.write(`${text}\n`);
}

/** Prints a value as one line of JSON. */
export function printJson(stream: Writable, value: unknown): void {
  stream.write(`${JSON.stringify(value)}\n`);
}

/** Rows as aligned columns; the last column is not padded. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Prints an error the way the person asked for: text, or `{"error": {code, message, hint?, …}}`. */
export function printError(stream: Writable, error: CommandError, isJson: boolean): void {
  if (isJson) {
    const { code, message, hint, fields } = error;
    printJson(stream, { error: { code, message, hint, ...fields } });
    return;
  }
  const [first, ...others] = error.message.split('\n');
  printLine(stream, `kvorum: ${first}`);
  for (const line of others) printLine(stream, `  ${line}`);
  if (error.hint !== undefined) printLine(stream, `  ${error.hint}`);
}

/** Any error as one that ends a command; what is not expected is an internal error and keeps its stack. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CommandError('internal', text, { cause: error, hint: 'This is a defect of kvorum: please report it.' });
}
