/** Knobs that people give, on the command line or in a file of seeds: read and checked. */
import type { Failpoint } from '@kvorum/server/internal/env/failpoints.js';
import { OptionError, showGiven } from '@kvorum/server/internal/options/option-error.js';
import { simulatedFailpoints } from './faults/failpoint-deal.js';
import { type SureFault, sureFaultKinds } from './faults/sure-deal.js';
import { allowedOf } from './knob-ranges.js';
import { drawKnobs, type FaultKind, faultKinds, type FixedKnobs } from './knobs.js';

/** Kinds of faults by their names, with commas between them. */
export function readFaults(text: string | undefined, option = '--faults'): readonly FaultKind[] | undefined {
  return text?.split(',').map((name) => {
    const kind = faultKinds.find((known) => known === name);
    if (kind === undefined) throw optionError(option, name, faultKinds.join(', '));
    return kind;
  });
}

function readFailpoints(option: string, value: unknown): readonly Failpoint[] {
  return readNames(option, value, simulatedFailpoints);
}

function readSureFaults(option: string, value: unknown): readonly SureFault[] {
  return readNames(option, value, sureFaultKinds);
}

function readNames<Name extends string>(option: string, value: unknown, known: readonly Name[]): readonly Name[] {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  return names.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw optionError(option, name, known.join(', '));
    return found;
  });
}

/** Knobs as JSON, all or some of them. `option` says in errors where they come from. */
export function readKnobs(option: string, text: string | undefined): FixedKnobs {
  if (text === undefined) return {};
  // Every seed has all knobs.
  const examples: ReadonlyMap<string, unknown> = new Map(Object.entries(drawKnobs(1)));
  const entries = Object.entries(readObject(option, text)).map(([name, value]): [string, unknown] => {
    if (!examples.has(name)) throw optionError(option, name, `the knobs ${[...examples.keys()].join(', ')}`);
    if (name === 'faults') return [name, readFaults(Array.isArray(value) ? value.join(',') : String(value), option)];
    if (name === 'sureFaults') return [name, readSureFaults(`${option} ${name}`, value)];
    if (name === 'failpoints') return [name, readFailpoints(`${option} ${name}`, value)];
    const allowed = allowedOf(name);
    if (!allowed.isFine(value)) throw optionError(`${option} ${name}`, value, allowed.text);
    return [name, value];
  });
  return Object.fromEntries(entries);
}

function readObject(option: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw optionError(option, text, 'an object in JSON');
}

/** An error in the words that the options of a node have, too. */
export function optionError(option: string, value: unknown, allowed: string): OptionError {
  return new OptionError({
    option,
    value,
    allowed,
    message: `${option}: ${showGiven(value)} is not allowed; allowed: ${allowed}`,
  });
}
