/** The options of the command, read and checked: a wrong one is told with its name, its value and what is allowed (S4). */
import { parseArgs } from 'node:util';
import { type Mutation, mutations } from './mutations/all-mutations.js';
import { closestName } from '@kvorum/server/internal/options/closest-name.js';
import { OptionError } from '@kvorum/server/internal/options/option-error.js';
import { optionError, readFaults, readKnobs } from './fixed-knobs.js';
import { GROUPS_PER_SEED } from './groups/seed-groups.js';
import { definedOf, type FixedKnobs } from './knobs.js';
import { SEED_MAX } from './seeds-file.js';

/** What the command is to do. */
export interface SimOptions {
  readonly isHelp: boolean;
  readonly seeds: readonly number[];
  /** Seeds with the knobs that they are run with, besides. */
  readonly seedsFile: string | undefined;
  /** A group of cores that is run alone. */
  readonly group: number | undefined;
  /** Each seed's groups of cores are run too: they know no knobs and no steps, so not where any are given. */
  readonly hasGroups: boolean;
  readonly jobs: number;
  /** Knobs that are not those of the seed. */
  readonly fixed: FixedKnobs;
  readonly steps: number | undefined;
  readonly isShrunk: boolean;
  readonly isTraced: boolean;
  readonly isTwice: boolean;
  /** The major version of Node that has to run this. */
  readonly expectNode: number | undefined;
  /** Bugs to bring back (all when no name is given), each for so many seeds at most. */
  readonly hunt: HuntAsked | undefined;
}

export interface HuntAsked {
  readonly names: readonly Mutation[];
  readonly baseSeed: number;
  readonly seedsMax: number | undefined;
  readonly jobs: number;
}

export const usage = `npm run sim -- [options]
  --seed N             run one seed: a cluster, and the ten groups of cores that belong to it
  --seeds K            run K seeds, from --base-seed (default 1) on
  --base-seed B
  --group N            run one group of cores alone; with --mutations NAME, with that bug
  --seeds-file FILE    run the seeds of a file with the knobs that stand beside them; --seed or --seeds are run too
  --jobs J             processes that run them (default 2)
  --nodes N            nodes, whatever the seed draws
  --faults-ms MS       length of the phase with faults
  --faults A,B,…       kinds of faults, whatever the seed draws
  --knobs JSON         any knobs, in the form in which a failed run prints them
  --steps N            end each run after N steps (messages, disk calls, timers, …): the beginning of the same run
  --shrink             look for fewer kinds of faults, a shorter time with faults and the fewest steps that still fail (one seed)
  --trace              print every line of the event log (one seed)
  --twice              run each seed twice and compare the event logs
  --expect-node MAJOR  refuse to run on another version of Node; KVORUM_EXPECT_NODE does the same
  --mutations [NAME…]  bring back historic bugs and tell after how many seeds (at most --seeds) which checker notices
`;

const numberFlags = [
  'seed',
  'seeds',
  'base-seed',
  'group',
  'jobs',
  'nodes',
  'faults-ms',
  'steps',
  'expect-node',
] as const;
const textFlags = ['seeds-file', 'faults', 'knobs'] as const;
const switches = ['shrink', 'trace', 'twice', 'mutations', 'help'] as const;

type NumberFlag = (typeof numberFlags)[number];
type Switch = (typeof switches)[number];
type Flag = NumberFlag | (typeof textFlags)[number] | Switch;

const flags: readonly Flag[] = [...numberFlags, ...textFlags, ...switches];

const ranges: Readonly<Record<NumberFlag, readonly [min: number, max: number]>> = {
  seed: [0, SEED_MAX],
  seeds: [1, 1_000_000],
  'base-seed': [0, SEED_MAX],
  group: [0, (SEED_MAX + 1) * GROUPS_PER_SEED - 1],
  jobs: [1, 64],
  nodes: [1, 7],
  'faults-ms': [0, 600_000],
  steps: [1, 1_000_000_000],
  'expect-node': [20, 99],
};

/** Throws an {@link OptionError} for the first thing that is wrong. */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): SimOptions {
  const { given, names } = readFlags(args);
  checkTogether(given, names);
  const number = (flag: NumberFlag): number | undefined => readNumber(`--${flag}`, given.get(flag), ranges[flag]);
  const seedsFile = given.get('seeds-file');
  const baseSeed = number('base-seed') ?? 1;
  const seedsMax = number('seeds');
  const jobs = number('jobs') ?? 2;
  const pinned = { nodes: number('nodes'), faultsMs: number('faults-ms'), faults: readFaults(given.get('faults')) };
  const fixed = { ...readKnobs('--knobs', given.get('knobs')), ...definedOf(pinned) };
  checkVoters(fixed);
  const node = env['KVORUM_EXPECT_NODE'] === '' ? undefined : env['KVORUM_EXPECT_NODE'];
  return {
    isHelp: given.has('help'),
    seeds: seedsFrom(number('seed'), seedsMax, baseSeed, seedsFile !== undefined),
    seedsFile,
    group: number('group'),
    hasGroups: !given.has('steps') && !given.has('trace') && Object.keys(fixed).length === 0,
    jobs,
    fixed,
    steps: number('steps'),
    isShrunk: given.has('shrink'),
    isTraced: given.has('trace'),
    isTwice: given.has('twice'),
    expectNode: number('expect-node') ?? readNumber('KVORUM_EXPECT_NODE', node, ranges['expect-node']),
    hunt: given.has('mutations') ? { names: readMutations(names), baseSeed, seedsMax, jobs } : undefined,
  };
}

/** Flags with their texts, empty for switches, and what is no flag. */
function readFlags(args: readonly string[]): { readonly given: ReadonlyMap<Flag, string>; readonly names: string[] } {
  const options = Object.fromEntries(
    flags.map((flag) => [flag, { type: isSwitch(flag) ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Map<Flag, string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    const flag = flags.find((name) => `--${name}` === rawName);
    if (flag === undefined) throw unknownFlag(rawName, value);
    if (given.has(flag)) throw optionError(rawName, value ?? '', 'once');
    if (isSwitch(flag) && value !== undefined) throw optionError(rawName, value, 'no value');
    if (!isSwitch(flag) && value === undefined) throw optionError(rawName, '', 'a value behind it');
    given.set(flag, value ?? '');
  }
  return { given, names: positionals };
}

function isSwitch(flag: Flag): boolean {
  return switches.some((name) => name === flag);
}

function unknownFlag(rawName: string, value: string | undefined): OptionError {
  const known = flags.map((flag) => `--${flag}`);
  const meant = closestName(rawName, known);
  const hint = meant === undefined ? `the options are ${known.join(', ')}` : `did you mean ${meant}?`;
  return new OptionError({
    option: rawName,
    value,
    allowed: known.join(', '),
    message: `unknown option ${rawName}: ${hint}`,
  });
}

/** What contradicts each other, or would be passed over in silence. */
function checkTogether(given: ReadonlyMap<Flag, string>, names: readonly string[]): void {
  const isMany = given.has('seeds') || given.has('seeds-file');
  const [name] = names;
  if (name !== undefined && !given.has('mutations'))
    throw optionError('argument', name, 'names only behind --mutations');
  if (given.has('seed') && given.has('seeds'))
    throw optionError('--seeds', given.get('seeds'), 'either --seed or --seeds');
  for (const flag of ['trace', 'shrink'] as const) {
    if (given.has(flag) && (isMany || !given.has('seed'))) throw optionError(`--${flag}`, '', 'one seed: --seed N');
  }
  if (given.has('base-seed') && !given.has('seeds') && !given.has('mutations'))
    throw optionError('--base-seed', given.get('base-seed'), 'with --seeds or --mutations');
  for (const [flag, beside] of goesWith) {
    const other = given.has(flag) ? [...given.keys()].find((one) => one !== flag && !beside.includes(one)) : undefined;
    if (other !== undefined) throw optionError(`--${other}`, given.get(other), `not with --${flag}`);
  }
  if (given.has('group') && given.has('mutations') && names.length !== 1)
    throw optionError('--mutations', names.join(' '), 'one name with --group');
}

/** What may stand beside options that ask for something else than runs of seeds; all else would be passed over. */
const goesWith: readonly (readonly [Flag, beside: readonly Flag[]])[] = [
  ['group', ['mutations', 'expect-node', 'help']],
  ['mutations', ['group', 'seeds', 'base-seed', 'jobs', 'expect-node', 'help']],
  ['shrink', ['seed', 'nodes', 'faults-ms', 'faults', 'knobs', 'steps', 'expect-node', 'jobs', 'help']],
];

function readMutations(names: readonly string[]): readonly Mutation[] {
  return names.map((name) => {
    const known = mutations.find((mutation) => mutation === name);
    if (known === undefined) throw optionError('--mutations', name, mutations.join(', '));
    return known;
  });
}

function checkVoters({ nodes, firstVoters }: FixedKnobs): void {
  if (nodes !== undefined && firstVoters !== undefined && firstVoters > nodes)
    throw optionError('--knobs firstVoters', firstVoters, `at most the ${nodes} nodes`);
}

function readNumber(
  option: string,
  text: string | undefined,
  [min, max]: readonly [number, number],
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw optionError(option, text, `an integer from ${min} to ${max}`);
}

function seedsFrom(seed: number | undefined, count: number | undefined, base: number, isFileGiven: boolean): number[] {
  if (count !== undefined && base + count - 1 > SEED_MAX) {
    throw optionError('--base-seed', base, `at most ${SEED_MAX - count + 1} for ${count} seeds`);
  }
  if (count !== undefined) return Array.from({ length: count }, (_, i) => base + i);
  if (seed === undefined && isFileGiven) return [];
  return [seed ?? base];
}
