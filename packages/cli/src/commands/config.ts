/** `kvorum config check` and `kvorum config print`: the configuration a `serve` would use, without starting a node. */
import { isOptionName } from '@kvorum/server/options/option-table.js';
import { optionWarnings } from '@kvorum/server/options/resolve-options.js';
import { Command } from 'commander';
import { checkConfig, configError, requireConfig } from '../config/read-config.js';
import { type SettingName, type Settings, settingNames, showOrigin, showSetting } from '../config/settings.js';
import { formatTable, printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addSettingFlags } from './setting-flags.js';

interface ConfigFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly [setting: string]: unknown;
}

/** `kvorum config`. */
export function configCommand(terminal: Terminal): Command {
  const command = new Command('config').summary('check or print the configuration').description(configDescription);
  const check = new Command('check').description(
    'Tells every problem of the configuration; exit code 2 when there is one.',
  );
  const print = new Command('print').description('Prints every option with its value and where the value came from.');
  for (const sub of [check, print]) {
    sub.option('--config <path>', 'YAML file with options (or KVORUM_CONFIG)').option('--json', 'print JSON');
    addSettingFlags(sub, settingNames);
  }
  check.addHelpText('after', '\nExample:\n  kvorum config check --config kvorum.yaml');
  print.addHelpText('after', '\nExample:\n  KVORUM_HEARTBEAT_MS=50 kvorum config print --config kvorum.yaml');
  check.action((flags: ConfigFlags) => runCheck(terminal, flags));
  print.action((flags: ConfigFlags) => runPrint(terminal, flags));
  command.addHelpText('after', configExamples);
  return command.addCommand(check).addCommand(print);
}

const configExamples = `
Examples:
  kvorum config check --config kvorum.yaml
  kvorum config print --config kvorum.yaml --heartbeat-ms 50`;

const configDescription =
  'Shows what `kvorum serve` would use, from flags, KVORUM_* variables, the file given with --config, and defaults.';

async function runCheck(terminal: Terminal, flags: ConfigFlags): Promise<void> {
  const { settings, problems, warnings: known } = await checkConfig({ flags, env: terminal.env, path: flags.config });
  const warnings = settings === undefined ? known : [...known, ...optionWarnings(settings.node)];
  for (const warning of warnings) if (flags.json !== true) printLine(terminal.stderr, `warning: ${warning}`);
  if (settings === undefined) throw configError(problems);
  if (flags.json === true) printJson(terminal.stdout, { ok: true, warnings });
  else printLine(terminal.stdout, 'The configuration is good.');
}

async function runPrint(terminal: Terminal, flags: ConfigFlags): Promise<void> {
  const { settings } = await requireConfig({ flags, env: terminal.env, path: flags.config });
  const origin = (name: SettingName): string => showOrigin(settings.origins.get(name) ?? { source: 'default' });
  if (flags.json === true) {
    const rows = settingNames.map((name) => [name, { value: jsonValue(settings, name), origin: origin(name) }]);
    printJson(terminal.stdout, Object.fromEntries(rows));
    return;
  }
  const rows = settingNames.map((name) => [name, showSetting(settings, name), origin(name)]);
  for (const line of formatTable(['OPTION', 'VALUE', 'ORIGIN'], rows)) printLine(terminal.stdout, line);
}

/** Numbers and booleans as such; the rest as a person would write it. */
function jsonValue(settings: Settings, name: SettingName): unknown {
  const value: unknown = isOptionName(name) ? settings.node[name] : settings.process[name];
  return typeof value === 'number' || typeof value === 'boolean' ? value : showSetting(settings, name);
}
