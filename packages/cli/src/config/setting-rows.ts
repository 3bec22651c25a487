/** Every setting described in words, for flags, help and the tables in the documents. */
import {
  envOf,
  flagOf,
  isOptionName,
  optionNames,
  optionTable,
  showDefault,
} from '@kvorum/server/options/option-table.js';
import { processNames, processTable } from './process-options.js';
import type { SettingName } from './settings.js';

export interface SettingRow {
  readonly name: SettingName;
  readonly group: string;
  readonly flag: string;
  readonly variable: string;
  readonly kind: string;
  readonly placeholder: string;
  readonly allowed: string;
  readonly defaultWords: string;
  readonly description: string;
}

/** The description of a setting. */
export function describeSetting(name: SettingName): SettingRow {
  if (isOptionName(name)) {
    const { group, kind, description } = optionTable[name];
    const { name: kindName, placeholder, allowed } = kind;
    const names = { name, group, flag: flagOf(name), variable: envOf(name) };
    return { ...names, kind: kindName, placeholder, allowed, defaultWords: showDefault(name), description };
  }
  const { kind, description, defaultWords, default: value } = processTable[name];
  const kebab = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    name,
    group: 'Process',
    flag: `--${kebab}`,
    variable: `KVORUM_${kebab.replaceAll('-', '_').toUpperCase()}`,
    kind: kind.name,
    placeholder: kind.placeholder,
    allowed: kind.allowed,
    defaultWords: defaultWords ?? value,
    description,
  };
}

/** All settings in the order they are listed. */
export const settingRows: readonly SettingRow[] = [...optionNames, ...processNames].map(describeSetting);
