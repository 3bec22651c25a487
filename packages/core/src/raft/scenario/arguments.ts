/**
 * Typed access to the arguments of a directive.
 */
import type { Argument, Case } from './parser.js';

/** A directive that can't be carried out as written. */
export class ScenarioError extends Error {
  readonly code = 'SCENARIO';
}

/** The values of `key`, undefined when it isn't given. */
export function valuesOf(one: Case, key: string): readonly string[] | undefined {
  return one.arguments.find((argument) => argument.key === key && argument.values.length > 0)?.values;
}

/** The one value of `key`, undefined when it isn't given. */
export function valueOf(one: Case, key: string): string | undefined {
  return valuesOf(one, key)?.[0];
}

/** An integer argument. */
export function integerOf(one: Case, key: string): number | undefined {
  const value = valueOf(one, key);
  return value === undefined ? undefined : parseInteger(value);
}

/** An integer argument that must be there. */
export function requiredInteger(one: Case, key: string): number {
  const value = integerOf(one, key);
  if (value === undefined) throw new ScenarioError(`${one.command} needs ${key}=`);
  return value;
}

/** `key=true` or `key=false`; a bare `key` is true. */
export function booleanOf(one: Case, key: string): boolean {
  const argument = one.arguments.find((candidate) => candidate.key === key);
  if (argument === undefined) return false;
  const [value = 'true'] = argument.values;
  if (value !== 'true' && value !== 'false') throw new ScenarioError(`${key}=${value} must be true or false`);
  return value === 'true';
}

/** Node ids in `key`, none when it isn't given. */
export function idsOf(one: Case, key: string): readonly number[] {
  return (valuesOf(one, key) ?? []).map(parseInteger);
}

/** Arguments without a value, in order. */
export function positionals(one: Case): readonly string[] {
  return one.arguments.filter((argument: Argument) => argument.values.length === 0).map(({ key }) => key);
}

/** The positional argument at `at`, which must be there. */
export function positional(one: Case, at: number): string {
  const value = positionals(one)[at];
  if (value === undefined) throw new ScenarioError(`${one.command} needs at least ${at + 1} arguments`);
  return value;
}

/** The positional argument at `at` as an integer. */
export function positionalInteger(one: Case, at: number): number {
  return parseInteger(positional(one, at));
}

/** A decimal integer ≥ 0. */
export function parseInteger(text: string): number {
  if (!/^\d+$/.test(text)) throw new ScenarioError(`"${text}" is not an integer`);
  return Number(text);
}
