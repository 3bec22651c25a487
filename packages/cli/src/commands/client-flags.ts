/** Flags and arguments that the client commands share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { integer, type OptionKind } from '@kvorum/server/options/option-kinds.js';
import type { ConnectionFlags } from '../client/connection.js';
import { CommandError } from '../command-error.js';

export interface ClientFlags extends ConnectionFlags {
  readonly json?: boolean;
}

/** Flags of the commands for one key. */
export interface KeyFlags extends ClientFlags {
  readonly base64?: boolean;
}

const timeoutKind = integer(100, 60_000, 'ms');
const revisionKind = integer(1, Number.MAX_SAFE_INTEGER, 'count');
const limitKind = integer(1, 1_000_000_000, 'count');

/** Adds `--endpoint`, `--endpoints`, `--timeout` and `--json`; `what` is what the time is for. */
export function addClientFlags(
  command: Command,
  what = 'for the whole request, with all attempts (default: 10s)',
): Command {
  const gather = (part: string, before: string[] | undefined): string[] => [...(before ?? []), part];
  const endpoint = new Option(
    '-e, --endpoint <url>',
    'endpoint of a node; repeatable; any one suffices (default: 127.0.0.1:2379; KVORUM_ENDPOINTS)',
  ).argParser(gather);
  const endpoints = new Option('--endpoints <list>', 'endpoints with commas between them').argParser(gather);
  const timeout = new Option('--timeout <ms>', `time ${what}`).argParser(numberReader(timeoutKind));
  return command.addOption(endpoint).addOption(endpoints).addOption(timeout).option('--json', 'print JSON');
}

/** An option holding a revision. */
export function revisionOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(numberReader(revisionKind));
}

/** An option holding a count of keys. */
export function limitOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(numberReader(limitKind));
}

/** Adds `--base64`, with which {@link readKey} takes keys that are no text. */
export function addKeyFlags(command: Command): Command {
  return command.option('--base64', 'KEY is base64 of its bytes, with or without base64: before it as ls shows it');
}

/** The bytes of a key argument. */
export function readKey(text: string, isBase64 = false): Uint8Array {
  const key = isBase64 ? readBase64(text) : Buffer.from(text, 'utf8');
  if (key.length > 0) return key;
  throw wrongKey('the key is empty; allowed: 1 to 65536 bytes');
}

/** Node's decoder skips what is no base64; a key must not be another one than was meant. */
function readBase64(text: string): Buffer {
  const encoded = text.replace(/^base64:/, '');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '')) return bytes;
  throw wrongKey(
    `the key ${JSON.stringify(text)} is not base64; allowed with --base64: A-Z a-z 0-9 + / and = at the end`,
  );
}

function wrongKey(message: string): CommandError {
  return new CommandError('usage', message, { code: 'INVALID_ARGUMENT', fields: { field: 'key' } });
}

/** What reads an option's number; refuses with what is allowed. */
export function numberReader(kind: OptionKind<number>): (text: string) => number {
  return (text) => {
    const result = kind.read(text);
    if (result === undefined) throw new InvalidArgumentError(`Allowed: ${kind.allowed}.`);
    return result.value;
  };
}
