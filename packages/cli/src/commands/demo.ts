/** `kvorum demo`: a whole cluster on this machine, to play with. */
import { integer, type OptionKind } from '@kvorum/server/options/option-kinds.js';
import { votersMax } from '@kvorum/server/options/option-table.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type ControlRequest, sendControl } from '../demo/control.js';
import { demoPortDefault } from '../demo/plan.js';
import { runDemo } from '../demo/run-demo.js';
import { CommandError } from '../command-error.js';
import { exitCodesHelp } from '../exit-codes.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';

export interface DemoDeps {
  readonly terminal: Terminal;
  /** The script that nodes run with. */
  readonly nodeScript: string;
  readonly exitWith: (code: number) => void;
}

interface DemoFlags {
  readonly nodes?: number;
  readonly fresh?: boolean;
  readonly port?: number;
  readonly peerPort?: number;
  readonly dir?: string;
  readonly json?: boolean;
}

const controlVerbs = ['start', 'stop', 'kill'] as const;

const demoDirDefault = '.kvorum/demo';

const examples = `
Examples:
  kvorum demo
  kvorum demo --nodes 5 --fresh
  kvorum demo kill leader       (from another terminal, in the same folder)
  kvorum demo start 1

The first Ctrl-C stops all nodes in order, the second ends them at once. The data stays in ${demoDirDefault}.

${exitCodesHelp()}`;

/** `kvorum demo` with `start`, `stop` and `kill`. */
export function demoCommand({ terminal, nodeScript, exitWith }: DemoDeps): Command {
  const port = integer(1, 65_535, 'count');
  const command = new Command('demo')
    .summary('run a cluster on this machine, to play with')
    .description('Starts several nodes as processes of this machine and tells what happens until Ctrl-C.')
    .addOption(
      numberOption('--nodes <n>', 'number of nodes (default: as last time, else 3)', integer(1, votersMax, 'count')),
    )
    .option('--fresh', "begin anew: removes the demo's data")
    .addOption(numberOption('--port <n>', `HTTP port of node 1; the others follow (default: ${demoPortDefault})`, port))
    .addOption(numberOption('--peer-port <n>', 'peer port of node 1; the others follow (default: --port + 1000)', port))
    .allowExcessArguments(true)
    .addHelpText('after', examples)
    .action(async (flags: DemoFlags, self: Command) => {
      refuseUnknownVerb(self.args);
      const { dir, port: given, nodes, peerPort, fresh, json } = flags;
      const asked = { nodeCount: nodes, peerPort, isFresh: fresh === true, isJson: json === true };
      exitWith(
        await runDemo(terminal, nodeScript, { ...asked, dir: dir ?? demoDirDefault, port: given ?? demoPortDefault }),
      );
    });
  addSharedFlags(command);
  const verbs = {
    start: 'start a node that is down',
    stop: 'stop a node in order',
    kill: 'kill a node, as a crash would',
  };
  for (const verb of controlVerbs) {
    command.addCommand(controlCommand(terminal, verb, `${verbs[verb]} (from another terminal)`));
  }
  return command;
}

function refuseUnknownVerb([given]: readonly string[]): void {
  if (given === undefined) return;
  const message = `unknown command demo ${JSON.stringify(given)}; the commands of a running demo are start, stop and kill`;
  throw new CommandError('usage', message, { code: 'INVALID_USAGE', hint: 'See: kvorum demo --help' });
}

function controlCommand(terminal: Terminal, verb: (typeof controlVerbs)[number], description: string): Command {
  const what = verb === 'start' ? 'number of the node' : 'number of the node, or "leader"';
  const command = new Command(verb).description(description).argument('<node>', what, readNode);
  addSharedFlags(command);
  command.addHelpText('after', controlExamples(verb));
  return command.action(async (node: number | 'leader', _flags: DemoFlags, self: Command) => {
    const { dir, json } = self.optsWithGlobals<DemoFlags>();
    const request: ControlRequest = { command: verb, node };
    const done = await sendControl(dir ?? demoDirDefault, request);
    if (json === true) printJson(terminal.stdout, done);
    else printLine(terminal.stdout, done.message);
  });
}

function controlExamples(verb: (typeof controlVerbs)[number]): string {
  const other = verb === 'start' ? '' : `\n  kvorum demo ${verb} leader`;
  return `\nExamples:\n  kvorum demo ${verb} 2${other}\n  kvorum demo ${verb} 2 --dir ${demoDirDefault} --json`;
}

function addSharedFlags(command: Command): void {
  command
    .option('--dir <path>', `directory of the demo (default: ${demoDirDefault})`)
    .option('--json', 'print events and results as JSON lines');
}

function readNode(text: string): number | 'leader' {
  if (text === 'leader') return text;
  if (/^[1-9]$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Allowed: 1 to ${votersMax}, or leader.`);
}

function numberOption(flags: string, description: string, kind: OptionKind<number>): Option {
  return new Option(flags, description).argParser((text: string) => {
    const result = kind.read(text);
    if (result === undefined) throw new InvalidArgumentError(`Allowed: ${kind.allowed}.`);
    return result.value;
  });
}
