/**
 * One validated configuration out of flags, environment, file and defaults, in this order of precedence, which remembers where each
 * value came from. All problems are collected, not only the first.
 */
import { closestName } from '@kvorum/server/options/closest-name.js';
import type { OptionName, ResolvedNodeOptions } from '@kvorum/server/options/node-options.js';
import { showGiven } from '@kvorum/server/options/option-error.js';
import { isOptionName, optionNames, showOption } from '@kvorum/server/options/option-table.js';
import { checkOptions } from '@kvorum/server/options/resolve-options.js';
import { type ProcessOptionName, type ProcessOptions, processNames, processTable } from './process-options.js';
import { describeSetting } from './setting-rows.js';
import type { FileContent } from './yaml-file.js';

export type SettingName = OptionName | ProcessOptionName;

/** Where a value came from. */
export type Origin =
  | { readonly source: 'flag'; readonly flag: string }
  | { readonly source: 'env'; readonly variable: string }
  | { readonly source: 'file'; readonly path: string; readonly line: number }
  | { readonly source: 'default' };

export interface Settings {
  readonly node: ResolvedNodeOptions;
  readonly process: ProcessOptions;
  readonly origins: ReadonlyMap<SettingName, Origin>;
}

export interface SettingsCheck {
  /** Undefined when there are problems. */
  readonly settings: Settings | undefined;
  /** Each begins with where the wrong value stands. */
  readonly problems: readonly string[];
  /** What looks like a mistake outside the options themselves; of those the node warns when it starts. */
  readonly warnings: readonly string[];
}

export interface Sources {
  /** Values of flags by option name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly content: FileContent } | undefined;
  /** A command's own defaults, in place of the node's. */
  readonly defaults?: Readonly<Partial<Record<SettingName, unknown>>> | undefined;
}

/** Every name of a setting, in the order it is listed. */
export const settingNames: readonly SettingName[] = [...optionNames, ...processNames];

/** Merges and checks. Never throws. */
export function loadSettings(sources: Sources): SettingsCheck {
  const values: Record<string, unknown> = {};
  const origins = new Map<SettingName, Origin>();
  for (const name of settingNames) {
    const [value, origin] = pick(name, sources);
    if (value !== undefined) values[name] = value;
    origins.set(name, origin);
  }
  const problems = [...(sources.file?.content.problems ?? []), ...unknownKeys(sources)];
  const processOptions = readProcess(values, origins, problems);
  const nodeValues = Object.fromEntries(Object.entries(values).filter(([name]) => isOptionName(name)));
  const check = checkOptions(nodeValues);
  for (const { option, message } of check.problems) {
    problems.push(`${where(isOptionName(option) ? origins.get(option) : undefined)}${message}`);
  }
  const warnings = unknownVariables(sources.env);
  if (check.options === undefined || problems.length > 0) return { settings: undefined, problems, warnings };
  const settings = { node: check.options, process: processOptions, origins };
  return { settings, problems, warnings };
}

/** The setting's value as a person would write it. */
export function showSetting(settings: Settings, name: SettingName): string {
  return isOptionName(name) ? showOption(settings.node, name) : settings.process[name];
}

/** Where a value came from, in words. */
export function showOrigin(origin: Origin): string {
  switch (origin.source) {
    case 'flag':
      return `flag ${origin.flag}`;
    case 'env':
      return `environment ${origin.variable}`;
    case 'file':
      return `file ${origin.path}:${origin.line}`;
    case 'default':
      return 'default';
  }
}

function pick(name: SettingName, { flags, env, file, defaults }: Sources): [unknown, Origin] {
  const { variable, flag } = describeSetting(name);
  if (flags[name] !== undefined) return [flags[name], { source: 'flag', flag }];
  // An empty variable counts as unset, as everywhere in shells and container files.
  if (env[variable] !== undefined && env[variable] !== '') return [env[variable], { source: 'env', variable }];
  const entry = file?.content.entries.get(name);
  if (file !== undefined && entry !== undefined)
    return [entry.value, { source: 'file', path: file.path, line: entry.line }];
  return [defaults?.[name], { source: 'default' }];
}

function readProcess(
  values: Readonly<Record<string, unknown>>,
  origins: ReadonlyMap<SettingName, Origin>,
  problems: string[],
): ProcessOptions {
  const read = <Name extends ProcessOptionName>(name: Name): ProcessOptions[Name] => {
    const row = processTable[name];
    const given = values[name];
    if (given === undefined) return row.default;
    const result = row.kind.read(given);
    if (result !== undefined) return result.value;
    const sentence = `option ${name}: ${showGiven(given)} is not allowed; allowed: ${row.kind.allowed}`;
    problems.push(`${where(origins.get(name))}${sentence}`);
    return row.default;
  };
  return { logLevel: read('logLevel'), logFormat: read('logFormat') };
}

function where(origin: Origin | undefined): string {
  switch (origin?.source) {
    case 'flag':
      return `${origin.flag}: `;
    case 'env':
      return `${origin.variable}: `;
    case 'file':
      return `${origin.path}:${origin.line}: `;
    default:
      return '';
  }
}

function unknownKeys({ file }: Sources): string[] {
  if (file === undefined) return [];
  const unknown = [...file.content.entries].filter(([name]) => !settingNames.some((known) => known === name));
  return unknown.map(([name, { line }]) => {
    const meant = closestName(name, settingNames);
    const hint = meant === undefined ? '`kvorum config print` lists all options' : `did you mean ${meant}?`;
    return `${file.path}:${line}: unknown option ${name}: ${hint}`;
  });
}

/** Variables that configure other parts of the command. */
const otherVariables = ['KVORUM_CONFIG', 'KVORUM_ENDPOINTS'];

/** Only near misses: Kubernetes sets variables such as KVORUM_PORT for a service named kvorum, which mean nothing here. */
function unknownVariables(env: Sources['env']): string[] {
  const known = [...settingNames.map((name) => describeSetting(name).variable), ...otherVariables];
  const unknown = Object.keys(env).filter((name) => name.startsWith('KVORUM_') && !known.includes(name));
  return unknown.flatMap((name) => {
    const meant = closestName(
      name.slice('KVORUM_'.length),
      known.map((each) => each.slice('KVORUM_'.length)),
    );
    return meant === undefined ? [] : [`environment variable ${name} is not known: did you mean KVORUM_${meant}?`];
  });
}
