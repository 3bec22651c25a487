/** The command line: all commands put together, and one place where a run ends in an exit code. */
import { Command, CommanderError } from 'commander';
import { backupCommand } from './commands/backup.js';
import { benchCommand } from './commands/bench.js';
import { completionCommand } from './commands/completion.js';
import { configCommand } from './commands/config.js';
import { delCommand } from './commands/del.js';
import { demoCommand } from './commands/demo.js';
import { getCommand } from './commands/get.js';
import { lsCommand } from './commands/ls.js';
import { putCommand } from './commands/put.js';
import { restoreCommand } from './commands/restore.js';
import { devCommand, serveCommand } from './commands/serve.js';
import { serversCommand } from './commands/servers.js';
import { statusCommand } from './commands/status.js';
import { watchCommand } from './commands/watch.js';
import { CommandError } from './command-error.js';
import { exitCodes, exitCodesHelp } from './exit-codes.js';
import type { StartNode } from './node/node-face.js';
import { printError, toCommandError } from './output.js';
import type { Terminal } from './terminal.js';
import { readVersion } from './version.js';

export interface ProgramDeps {
  readonly terminal: Terminal;
  /** Loads the server; only commands that run a node pay for that. */
  readonly loadStartNode: () => Promise<StartNode>;
  /** The script that `demo` runs its nodes with. */
  readonly nodeScript: string;
}

/** Runs the command that the arguments name; resolves with the exit code and never rejects. */
export async function runProgram(args: readonly string[], deps: ProgramDeps): Promise<number> {
  const { terminal } = deps;
  const end: { code: number } = { code: exitCodes.ok.code };
  const exitWith = (code: number): void => {
    end.code = code;
  };
  // Known before parsing, so that wrong flags are told in the form that was asked for.
  const isJson = args.includes('--json');
  try {
    const program = createProgram(deps, exitWith, isJson);
    await program.parseAsync([...args], { from: 'user' });
    return end.code;
  } catch (error) {
    if (error instanceof CommanderError) return endOfCommander(error, terminal, isJson);
    const failure = toCommandError(error);
    printError(terminal.stderr, failure, isJson);
    return failure.exitCode;
  }
}

/** All commands; one that ends a node or a load tells its exit code to `exitWith`. */
export function createProgram(deps: ProgramDeps, exitWith: (code: number) => void, isJson: boolean): Command {
  const { terminal, loadStartNode, nodeScript } = deps;
  const serveDeps = { terminal, loadStartNode, exitWith };
  const program = new Command('kvorum')
    .description('A distributed, durable key-value store.')
    .version(readVersion(), '--version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', programHelp);
  const commands = [
    serveCommand(serveDeps),
    devCommand(serveDeps),
    demoCommand({ terminal, nodeScript, exitWith }),
    configCommand(terminal),
    getCommand(terminal),
    putCommand(terminal),
    delCommand(terminal),
    lsCommand(terminal),
    watchCommand(terminal),
    statusCommand(terminal),
    serversCommand(terminal),
    backupCommand(terminal),
    restoreCommand(terminal),
    benchCommand({ terminal, exitWith }),
    completionCommand(terminal),
  ];
  for (const command of commands) program.addCommand(command);
  forEachCommand(program, (command) => {
    command
      .exitOverride()
      .showSuggestionAfterError(true)
      .configureOutput({
        writeOut: (text) => terminal.stdout.write(text),
        // With --json the error is printed once, as JSON, where the run ends.
        writeErr: (text) => (isJson ? true : terminal.stderr.write(text)),
        outputError: (text, write) => write(text.replace(/^error: /, 'kvorum: ')),
      });
  });
  return program;
}

function forEachCommand(command: Command, run: (command: Command) => void): void {
  run(command);
  for (const sub of command.commands) forEachCommand(sub, run);
}

/** commander ends by an error: with code 0 after help and version, else for wrong usage, which it has told already. */
function endOfCommander(error: CommanderError, { stderr }: Terminal, isJson: boolean): number {
  if (error.exitCode === 0) return exitCodes.ok.code;
  if (isJson) {
    const message = error.message.replace(/^error: /, '');
    printError(stderr, new CommandError('usage', message, { code: 'INVALID_USAGE' }), true);
  }
  return exitCodes.usage.code;
}

const programHelp = `
Examples:
  kvorum demo                       three nodes on this machine, to play with
  kvorum dev --memory               one node, nothing kept
  kvorum serve --config kvorum.yaml a node of a real cluster
  kvorum put hello world
  kvorum get hello
  kvorum watch --prefix jobs/
  kvorum status
  kvorum bench mixed

${exitCodesHelp()}`;
