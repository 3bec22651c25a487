/** The commands, options and arguments that a shell can complete, as plain data: read from commander, so that a script cannot say anything else. */
import type { Argument, Command, Option } from 'commander';

/** What may stand for a value: a file's name, one of some words, or what nobody can guess. */
export interface CompletedValue {
  readonly name: string;
  readonly isFile: boolean;
  readonly words: readonly string[];
}

export interface CompletedOption {
  /** As they are written: `-e`, `--endpoint`. */
  readonly names: readonly string[];
  readonly description: string;
  /** Absent for a switch. */
  readonly value?: CompletedValue;
  /** True when the value may be left out. */
  readonly isValueOptional: boolean;
}

export interface CompletedCommand {
  /** The words that lead to it: `kvorum demo kill`. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  readonly arguments: readonly CompletedValue[];
  readonly commands: readonly CompletedCommand[];
}

/** The tree below a command; what its help hides is left out. */
export function readCommandTree(command: Command, before = ''): CompletedCommand {
  const help = command.createHelp();
  const path = `${before}${command.name()}`;
  const commands = help.visibleCommands(command);
  const names = commands.map((each) => each.name()).filter((name) => name !== 'help');
  return {
    path,
    name: command.name(),
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).map(readOption),
    arguments: command.registeredArguments.map((argument) => readArgument(argument)),
    commands: commands.map((each) =>
      each.name() === 'help' ? helpCommand(each, path, names) : readCommandTree(each, `${path} `),
    ),
  };
}

/** The command and all below it. */
export function allCommands(root: CompletedCommand): readonly CompletedCommand[] {
  return [root, ...root.commands.flatMap(allCommands)];
}

/** commander's own `help [command]`, of which it keeps no options. */
function helpCommand(command: Command, before: string, words: readonly string[]): CompletedCommand {
  const name = command.name();
  const shown = { path: `${before} ${name}`, name, description: command.description() };
  return { ...shown, options: [], arguments: [{ name: 'command', isFile: false, words }], commands: [] };
}

function readOption(option: Option): CompletedOption {
  const { short, long, description, required, optional } = option;
  const names = [short, long].filter((name) => name !== undefined);
  if (!required && !optional) return { names, description, isValueOptional: false };
  const placeholder = /[<[](.*)[>\]]/.exec(option.flags)?.[1] ?? '';
  return { names, description, value: readValue(placeholder, option.argChoices), isValueOptional: optional };
}

function readArgument(argument: Argument): CompletedValue {
  return readValue(argument.name(), argument.argChoices);
}

/** A placeholder such as `disk|memory` lists the words itself. */
function readValue(name: string, choices: readonly string[] | undefined): CompletedValue {
  const words = choices ?? (name.includes('|') ? name.split('|') : []);
  return { name, isFile: name === 'file' || name === 'path', words };
}
