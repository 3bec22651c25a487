/** `kvorum serve` and `kvorum dev`: one node in this process. */
import { Command, Option } from 'commander';
import { processNames } from '../config/process-options.js';
import { requireConfig } from '../config/read-config.js';
import { type Settings, settingNames } from '../config/settings.js';
import { exitCodesHelp } from '../exit-codes.js';
import { createLog } from '../node/log.js';
import type { RunningNode, StartNode } from '../node/node-face.js';
import { runNode } from '../node/run-node.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addSettingFlags } from './setting-flags.js';

export interface ServeDeps {
  readonly terminal: Terminal;
  /** Loads the server; only commands that run a node pay for that. */
  readonly loadStartNode: () => Promise<StartNode>;
  /** Receives the exit code. */
  readonly exitWith: (code: number) => void;
}

/** Flags that belong to the command rather than to a setting. */
interface ServeFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly supervised?: boolean;
  readonly memory?: boolean;
  readonly [setting: string]: unknown;
}

/** `kvorum serve`. */
export function serveCommand(deps: ServeDeps): Command {
  const command = new Command('serve')
    .summary('run a node')
    .description('Runs one node of a cluster in this process, until SIGTERM or Ctrl-C.')
    .option('--config <path>', 'YAML file with options, in place of flags (or KVORUM_CONFIG)')
    .option('--json', 'the same as --log-format json; the line that tells the start is JSON too')
    .addOption(new Option('--supervised').hideHelp());
  addSettingFlags(command, settingNames);
  return command.addHelpText('after', serveHelp).action(async (flags: ServeFlags) => {
    deps.exitWith(await serve(deps, flags, {}));
  });
}

/** `kvorum dev`. */
export function devCommand(deps: ServeDeps): Command {
  const command = new Command('dev')
    .summary('run a single node for development')
    .description('Runs a cluster of one node in this process, with its data in .kvorum/dev.')
    .option('--memory', 'keep the data in memory only (the same as --storage memory)')
    .option('--json', 'the same as --log-format json; the line that tells the start is JSON too');
  const names = ['clientAddress', 'peerAddress', 'dataDir', 'storage', 'demoRoutes', ...processNames] as const;
  const { dataDir, peerAddress, logLevel } = devDefaults;
  addSettingFlags(command, names, { dataDir, peerAddress, logLevel });
  return command.addHelpText('after', devHelp).action(async (flags: ServeFlags) => {
    const storage = flags.memory === true ? { storage: 'memory' } : {};
    deps.exitWith(await serve(deps, { ...flags, ...storage }, devDefaults));
  });
}

const devDefaults = {
  dataDir: '.kvorum/dev',
  peerAddress: '127.0.0.1:0',
  walSegmentBytes: 8 * 1024 * 1024,
  logLevel: 'warn',
};

async function serve(deps: ServeDeps, flags: ServeFlags, defaults: Record<string, unknown>): Promise<number> {
  const { terminal } = deps;
  const isJson = flags.json === true;
  const given = { ...flags, ...(isJson ? { logFormat: 'json' } : {}) };
  const { settings, warnings } = await requireConfig({ flags: given, env: terminal.env, path: flags.config, defaults });
  const { logLevel, logFormat } = settings.process;
  const log = createLog(terminal.stderr, { level: logLevel, format: logFormat, isTty: terminal.isErrorTty });
  const startNode = await deps.loadStartNode();
  const onReady = (node: RunningNode): void => printReady(terminal, node, settings, isJson);
  return runNode(
    { startNode, log, control: terminal.control, onReady },
    { settings, warnings, isSupervised: flags.supervised === true },
  );
}

function printReady({ stdout, commandName }: Terminal, node: RunningNode, settings: Settings, isJson: boolean): void {
  const { nodeId, storage, dataDir } = settings.node;
  const { clientAddress, peerAddress } = node;
  // A node alone can't tell when its cluster serves.
  const isCluster = settings.node.peers.size > 1;
  if (isJson) {
    printJson(stdout, { event: isCluster ? 'started' : 'ready', nodeId, clientAddress, peerAddress, storage, dataDir });
    return;
  }
  const place = storage === 'memory' ? 'data in memory only' : `data in ${dataDir}`;
  const url = clientAddress === undefined ? 'no client port' : `http://${clientAddress}`;
  if (isCluster) {
    printLine(stdout, `kvorum node ${nodeId} has started: ${url}, ${place}; /readyz tells when the cluster serves`);
    return;
  }
  printLine(stdout, `kvorum node ${nodeId} is ready: ${url}, ${place}`);
  if (clientAddress === undefined) return;
  const endpoint = settings.node.clientAddress?.port === 2379 ? '' : ` --endpoint ${clientAddress}`;
  printLine(stdout, `Try: ${commandName} put hello world${endpoint}`);
}

const serveHelp = `
Options come from flags, KVORUM_* variables, the file given with --config, then defaults, in this order.

Examples:
  kvorum serve --data-dir /var/lib/kvorum
  kvorum serve --node-id 2 --peers 1=10.0.0.1:2380,2=10.0.0.2:2380,3=10.0.0.3:2380 --client-address 10.0.0.2:2379
  kvorum serve --config kvorum.yaml
  kvorum config check --config kvorum.yaml

The first Ctrl-C or SIGTERM finishes open requests and stops; the second ends at once.

${exitCodesHelp()}`;

const devHelp = `
Examples:
  kvorum dev
  kvorum dev --memory --client-address 127.0.0.1:0
  kvorum put hello world && kvorum get hello

${exitCodesHelp()}`;
