/** Turns what ended a node, or kept it from starting, into a message a person can act on and the right exit code. */
import type { ResolvedNodeOptions } from '@kvorum/server/options/node-options.js';
import { OptionError } from '@kvorum/server/options/option-error.js';
import { flagOf, showOption } from '@kvorum/server/options/option-table.js';
import { CommandError } from '../command-error.js';
import type { ExitName } from '../exit-codes.js';

/** Codes of errors at start, by what they mean for the process. */
const startExits: Readonly<Record<string, ExitName>> = {
  EADDRINUSE: 'cannotStart',
  EACCES: 'cannotStart',
  EPERM: 'cannotStart',
  EADDRNOTAVAIL: 'cannotStart',
  ENOTFOUND: 'cannotStart',
  INVALID_ARGUMENT: 'cannotStart',
  WAL_VERSION: 'cannotStart',
  DATA_DIR_LOCKED: 'cannotStart',
  DATA_DIR_NEWER_FORMAT: 'cannotStart',
  DATA_DIR_OTHER_NODE: 'cannotStart',
  DATA_DIR_OTHER_CLUSTER: 'cannotStart',
  DATA_DIR_FOREIGN: 'cannotStart',
  DATA_DIR_DAMAGED: 'dataDamaged',
  DATA_DIR_UNUSABLE: 'cannotStart',
};

/** Kinds of `NodeFailedError`. */
const failureExits: Readonly<Record<string, ExitName>> = {
  disk: 'diskFailed',
  damaged: 'dataDamaged',
  corrupt: 'dataDamaged',
  identityRefused: 'identityRefused',
  internal: 'internal',
};

const hints: Readonly<Record<string, string>> = {
  EACCES: 'Check the permissions of the data directory, and use a port above 1023.',
  DATA_DIR_LOCKED: 'Stop the process that uses it, or choose another directory with --data-dir.',
  DATA_DIR_NEWER_FORMAT: 'Start the newer version of kvorum that wrote it.',
  WAL_VERSION: 'Start the newer version of kvorum that wrote it.',
  DATA_DIR_OTHER_NODE: 'Start it under the node id it belongs to, or choose another --data-dir.',
  DATA_DIR_OTHER_CLUSTER: 'Check --cluster-name and --peers, or choose another --data-dir.',
  DATA_DIR_FOREIGN: 'Choose an empty directory with --data-dir.',
  DATA_DIR_UNUSABLE: 'Choose another directory with --data-dir.',
  dataDamaged: 'Leave the directory as it is: the other nodes hold the data. Replace this node, or restore a backup.',
  identityRefused:
    'Put back a copy of its data directory, made when the node last stopped, or make a new cluster from a backup: kvorum backup on a live node, then kvorum restore into fresh directories.',
  diskFailed: 'Check the disk (dmesg, smartctl), then start the node again: it recovers from its log.',
};

/** Explains an error of `startNode`. */
export function explainStartError(error: unknown, options: ResolvedNodeOptions): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof OptionError) {
    return new CommandError('usage', error.message, { code: error.code, cause: error });
  }
  const { code, kind, message, name } = partsOf(error);
  const listening = listenFailureOf(error);
  if (listening !== undefined) return explainListening(listening, message, options, error);
  if (kind !== undefined && failureExits[kind] !== undefined) return explainNodeFailure(error);
  const exit = startExits[code] ?? exitByName(name, code);
  if (exit === 'internal') return internal(error);
  return new CommandError(exit, `the node cannot start: ${message}`, {
    code,
    cause: error,
    hint: hints[code] ?? hints[exit],
  });
}

/** Explains why a running node ended by itself (its `closed` rejected). */
export function explainNodeFailure(error: unknown): CommandError {
  const { code, kind, message, name } = partsOf(error);
  const exit = failureExits[kind ?? ''] ?? exitByName(name, code);
  if (exit === 'internal') return internal(error);
  return new CommandError(exit, `the node ended itself: ${message}`, { code, cause: error, hint: hints[exit] });
}

function exitByName(name: string, code: string): ExitName {
  if (name === 'DiskError') return 'diskFailed';
  if (/DAMAGED|CORRUPT/.test(code)) return 'dataDamaged';
  return /IDENTITY/.test(code) ? 'identityRefused' : 'internal';
}

const listenHints: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Stop that program, or choose another port',
  EADDRNOTAVAIL: 'Its host does not belong to this machine: choose an address that does',
  ENOTFOUND: 'Its host name is not known: check it, or choose an address of this machine',
  EAI_AGAIN: 'Its host name could not be resolved: check it, or choose an address of this machine',
};

/** Why a port could not be opened; the system's code may be the error's own or that of what caused it. */
function listenFailureOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = partsOf(error);
  return listenHints[code] === undefined ? listenFailureOf(error.cause) : code;
}

function explainListening(code: string, message: string, options: ResolvedNodeOptions, cause: unknown): CommandError {
  const details = { code, cause };
  const hint = listenHints[code] ?? '';
  const option = listenerNamed(message, options);
  if (option === undefined) {
    const flags = `${flagOf('clientAddress')} or ${flagOf('peerAddress')}`;
    return new CommandError('cannotStart', `the node cannot start: ${message}`, {
      ...details,
      hint: `${hint} with ${flags}.`,
    });
  }
  const address = showOption(options, option);
  const port = options[option]?.port;
  const fields = { option, port };
  if (code !== 'EADDRINUSE') {
    const words = `cannot listen on ${address} (option ${flagOf(option)}): ${code}`;
    return new CommandError('cannotStart', words, { ...details, hint: `${hint} with ${flagOf(option)}.`, fields });
  }
  return new CommandError('cannotStart', `port ${port} (option ${flagOf(option)}) is taken by another program`, {
    ...details,
    hint: `${hint}, for example ${flagOf(option)} ${suggest(address)}.`,
    fields,
  });
}

/** The option whose address the message speaks of: as a whole, else by its port, since a system may tell the host in other words. */
function listenerNamed(message: string, options: ResolvedNodeOptions): 'clientAddress' | 'peerAddress' | undefined {
  const names = (['clientAddress', 'peerAddress'] as const).filter((name) => options[name] !== undefined);
  const tells = (part: string): boolean => {
    const at = message.indexOf(part);
    return at !== -1 && !/^\d/.test(message.slice(at + part.length));
  };
  return (
    names.find((name) => tells(showOption(options, name))) ?? names.find((name) => tells(`:${options[name]?.port}`))
  );
}

function suggest(address: string): string {
  return address.replace(/:(\d+)$/, (_, port: string) => `:${Math.min(65_535, Number(port) + 10)}`);
}

function internal(error: unknown): CommandError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CommandError('internal', text, { cause: error, hint: 'This is a defect of kvorum: please report it.' });
}

function partsOf(error: unknown): { code: string; kind: string | undefined; message: string; name: string } {
  if (!(error instanceof Error)) return { code: '', kind: undefined, message: String(error), name: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const kind = 'kind' in error && typeof error.kind === 'string' ? error.kind : undefined;
  return { code, kind, message: error.message, name: error.name };
}
