/** Flags and arguments that the client commands share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { integer } from '@kvorum/server/options/option-kinds.js';
import { readEndpoints } from '../client/endpoint.js';
import { KvClient } from '../client/kv-client.js';
import { CommandError } from '../command-error.js';
import type { Terminal } from '../terminal.js';

export interface ClientFlags {
  readonly endpoint?: readonly string[];
  readonly timeout?: number;
  readonly json?: boolean;
}

const timeoutKind = integer(100, 60_000, 'ms');
const revisionKind = integer(1, Number.MAX_SAFE_INTEGER, 'count');
const limitKind = integer(1, 1_000_000_000, 'count');

/** Adds `--endpoint`, `--timeout` and `--json`. */
export function addClientFlags(command: Command): Command {
  const endpoint = new Option(
    '-e, --endpoint <url>',
    'endpoint of a node; repeatable, tried in order (default: http://127.0.0.1:2379; KVORUM_ENDPOINTS)',
  ).argParser((part: string, before: string[] | undefined) => [...(before ?? []), part]);
  const timeout = new Option('--timeout <ms>', "time for the request (default: the node's)").argParser(
    reader(timeoutKind),
  );
  return command.addOption(endpoint).addOption(timeout).option('--json', 'print JSON');
}

/** An option holding a revision. */
export function revisionOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(reader(revisionKind));
}

/** An option holding a count of keys. */
export function limitOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(reader(limitKind));
}

/** A client as the flags ask for it. */
export function createClient(terminal: Terminal, flags: ClientFlags): KvClient {
  return new KvClient({ endpoints: readEndpoints(flags.endpoint, terminal.env), timeoutMs: flags.timeout });
}

/** The bytes of a key argument. */
export function readKey(text: string): Uint8Array {
  const key = Buffer.from(text, 'utf8');
  if (key.length > 0) return key;
  throw new CommandError('usage', 'the key is empty; allowed: 1 to 65536 bytes', { code: 'INVALID_ARGUMENT' });
}

/** Bytes as JSON fields: text where they are UTF-8, else base64 under another name. */
export function byteField(name: 'key' | 'value', bytes: Uint8Array): Record<string, string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer) ? { [name]: text } : { [`${name}Base64`]: buffer.toString('base64') };
}

function reader(kind: ReturnType<typeof integer>): (text: string) => number {
  return (text) => {
    const result = kind.read(text);
    if (result === undefined) throw new InvalidArgumentError(`Allowed: ${kind.allowed}.`);
    return result.value;
  };
}
