/**
 * The text format of scenario files: directive lines with arguments, input, `----`, and the output they are expected to have.
 */

/** `key`, `key=value` or `key=(value, value)`. */
export interface Argument {
  readonly key: string;
  readonly values: readonly string[];
}

/** One case of a file. */
export interface Case {
  /** Line of the directive, from 1. */
  readonly line: number;
  /** The directive as written. */
  readonly directive: string;
  readonly command: string;
  readonly arguments: readonly Argument[];
  readonly input: string;
  /** Line of the first expected line, from 1. */
  readonly expectedLine: number;
  /** Ends with a line feed, or is empty. */
  readonly expected: string;
}

/** A file that isn't in the format. */
export class ScenarioSyntaxError extends Error {
  readonly code = 'SCENARIO_SYNTAX';
  readonly line: number;

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
  }
}

const SEPARATOR = '----';

/** Splits a file into its cases. Throws {@link ScenarioSyntaxError}. */
export function parseScenario(text: string): readonly Case[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const cases: Case[] = [];
  for (let at = 0; at < lines.length; ) {
    const start = (lines[at] ?? '').trim();
    if (start === '' || start.startsWith('#')) {
      at += 1;
      continue;
    }
    const parsed = parseCase(lines, at);
    cases.push(parsed.parsed);
    at = parsed.next;
  }
  return cases;
}

function parseCase(lines: readonly string[], start: number): { readonly parsed: Case; readonly next: number } {
  let at = start;
  let directive = (lines[at] ?? '').trim();
  while (directive.endsWith('\\')) {
    at += 1;
    if (at >= lines.length)
      throw new ScenarioSyntaxError(start + 1, 'the directive goes on behind the end of the file');
    directive = `${directive.slice(0, -1).trim()} ${(lines[at] ?? '').trim()}`;
  }
  at += 1;
  const inputStart = at;
  while (at < lines.length && lines[at] !== SEPARATOR) at += 1;
  if (at >= lines.length) throw new ScenarioSyntaxError(start + 1, `no ${SEPARATOR} follows this directive`);
  const input = lines.slice(inputStart, at).join('\n').trim();
  at += 1;
  const { end, first, next } = findExpected(lines, at, start + 1);
  const expected = lines.slice(first, end).map((line) => `${line}\n`);
  const { command, args } = parseDirective(directive, start + 1);
  const parsed: Case = {
    line: start + 1,
    directive,
    command,
    arguments: args,
    input,
    expectedLine: first + 1,
    expected: expected.join(''),
  };
  return { parsed, next };
}

/** Expected output ends at a blank line; between two double separators it may hold blank lines. */
function findExpected(
  lines: readonly string[],
  at: number,
  line: number,
): { readonly first: number; readonly end: number; readonly next: number } {
  if (lines[at] !== SEPARATOR) {
    let end = at;
    while (end < lines.length && (lines[end] ?? '').trim() !== '') end += 1;
    return { first: at, end, next: end };
  }
  for (let end = at + 1; end + 1 < lines.length; end += 1) {
    if (lines[end] === SEPARATOR && lines[end + 1] === SEPARATOR) return { first: at + 1, end, next: end + 2 };
  }
  throw new ScenarioSyntaxError(line, 'the expected output is not closed by a double separator');
}

function parseDirective(
  directive: string,
  line: number,
): { readonly command: string; readonly args: readonly Argument[] } {
  const [command, ...fields] = splitOutsideParens(directive, ' ', line);
  if (command === undefined) throw new ScenarioSyntaxError(line, 'an empty directive');
  return { command, args: fields.map((field) => parseArgument(field, line)) };
}

function parseArgument(field: string, line: number): Argument {
  const equals = field.indexOf('=');
  if (equals < 0) return { key: field, values: [] };
  const key = field.slice(0, equals);
  const value = field.slice(equals + 1);
  if (!value.startsWith('(')) return { key, values: [value] };
  const inside = value.slice(1, -1);
  return { key, values: splitOutsideParens(inside, ',', line).map((one) => one.trim()) };
}

/** Splits at `separator` where no parenthesis is open; empty fields are dropped. */
function splitOutsideParens(text: string, separator: string, line: number): readonly string[] {
  const fields: string[] = [];
  let depth = 0;
  let field = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) break;
    if (depth === 0 && character === separator) {
      if (field.trim() !== '') fields.push(field);
      field = '';
    } else field += character;
  }
  if (depth !== 0) throw new ScenarioSyntaxError(line, `unbalanced parentheses in "${text}"`);
  if (field.trim() !== '') fields.push(field);
  return fields;
}
