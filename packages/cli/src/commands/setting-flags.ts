/** Flags made from the table of settings. */
import { type Command, Option } from 'commander';
import { describeSetting } from '../config/setting-rows.js';
import type { SettingName } from '../config/settings.js';

/** Adds a flag for each setting; `defaults` are those of the command where they differ from the node's. */
export function addSettingFlags(
  command: Command,
  names: readonly SettingName[],
  defaults: Readonly<Partial<Record<SettingName, string>>> = {},
): void {
  for (const name of names) {
    const { flag, variable, kind, placeholder, defaultWords, description } = describeSetting(name);
    const isRepeatable = kind === 'peers';
    const text = `${description} (${isRepeatable ? 'repeatable; ' : ''}default: ${defaults[name] ?? defaultWords}; ${variable})`;
    const argument = kind === 'boolean' ? `[${placeholder}]` : `<${placeholder}>`;
    const option = new Option(`${flag} ${argument}`, text);
    if (isRepeatable) option.argParser((part: string, before: string[] | undefined) => [...(before ?? []), part]);
    command.addOption(option);
  }
}
