/** `kvorum ls`: lists keys in order. */
import { once } from 'node:events';
import type { Client, KeyValue, ListOptions } from '@kvorum/client';
import { prefixEnd } from '@kvorum/protocol';
import { decodeCursor, encodeCursor } from '@kvorum/server/internal/api/http/cursor.js';
import { Command } from 'commander';
import { byteField, showOnOneLine } from '../bytes-text.js';
import { withClient } from '../client/connection.js';
import { explainFailure } from '../client/client-failure.js';
import { CommandError } from '../command-error.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, type ClientFlags, limitOption, revisionOption } from './client-flags.js';

interface LsFlags extends ClientFlags {
  readonly prefix?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly keysOnly?: boolean;
  readonly revision?: number;
  readonly serializable?: boolean;
}

const examples = `
Examples:
  kvorum ls
  kvorum ls --prefix users/ --limit 20
  kvorum ls --keys-only
  kvorum ls --json | jq .key`;

/** `kvorum ls`. */
export function lsCommand(terminal: Terminal): Command {
  const command = new Command('ls')
    .summary('list keys and values')
    .description(
      'Lists keys in order with their values, all at one revision. Text with control characters shows as JSON, bytes that are not UTF-8 as base64:…',
    )
    .option('--prefix <text>', 'only keys that begin with this')
    .addOption(limitOption('--limit <n>', 'at most this many keys'))
    .option('--cursor <text>', 'go on where a list with --limit ended: its last line with --json')
    .option('--keys-only', 'leave values out')
    .addOption(revisionOption('--revision <n>', 'list the state as of this revision'))
    .option('--serializable', "answer from some node's own state: faster, may be slightly old");
  return addClientFlags(command, 'to the first key, and from each to the next (default: 10s)')
    .addHelpText('after', examples)
    .action((flags: LsFlags) => {
      const options = listOptions(flags);
      return withClient(terminal, flags, (client) => list(terminal, client, flags, options));
    });
}

async function list(terminal: Terminal, client: Client, flags: LsFlags, options: ListOptions): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY, json: isJson = false, keysOnly = false } = flags;
  let rows = 0;
  try {
    for await (const row of client.list(options)) {
      if (rows === limit) {
        tellMore(terminal, flags, row);
        return;
      }
      rows += 1;
      const text = isJson ? JSON.stringify(jsonRow(row, keysOnly)) : showRow(row, keysOnly);
      if (!terminal.stdout.write(`${text}\n`)) await once(terminal.stdout, 'drain');
    }
  } catch (error) {
    throw rows === 0 ? error : incomplete(error);
  }
}

/** One row more than the limit is asked for: it says whether there is more, and where that begins. */
function listOptions(flags: LsFlags): ListOptions {
  const { limit, cursor, keysOnly, revision, serializable } = flags;
  const shared = {
    limit: limit === undefined ? undefined : limit + 1,
    keysOnly,
    consistency: serializable === true ? ('serializable' as const) : ('linearizable' as const),
  };
  const prefix = Buffer.from(flags.prefix ?? '', 'utf8');
  if (cursor === undefined) return { ...shared, prefix: prefix.length === 0 ? undefined : prefix, revision };
  if (revision !== undefined) throw refusedCursor('--cursor has a revision of its own; leave --revision out');
  const from = readCursor(cursor, prefix);
  return { ...shared, start: from.key, end: prefixEnd(prefix), revision: from.revision };
}

function readCursor(text: string, prefix: Uint8Array): ReturnType<typeof decodeCursor> {
  try {
    return decodeCursor(text, prefix);
  } catch {
    throw refusedCursor('--cursor is not one that a list with this prefix ended with');
  }
}

function refusedCursor(message: string): CommandError {
  return new CommandError('usage', message, { code: 'INVALID_ARGUMENT', fields: { field: 'cursor' } });
}

function tellMore({ stdout, stderr }: Terminal, flags: LsFlags, { revision, key }: KeyValue): void {
  if (flags.json === true) printJson(stdout, { cursor: encodeCursor({ revision, key }) });
  else printLine(stderr, `(more keys follow; --limit ${flags.limit} cut the list)`);
}

function incomplete(cause: unknown): unknown {
  const told = explainFailure(cause);
  if (!(told instanceof CommandError)) return told;
  const message = `the list broke off before its end: ${told.message}; what was printed is incomplete`;
  return new CommandError('failed', message, { code: 'LIST_INCOMPLETE', fields: { reason: told.code }, cause });
}

function jsonRow({ key, value, modRevision, createRevision, version }: KeyValue, isKeysOnly: boolean): unknown {
  const bytes = isKeysOnly ? byteField('key', key) : { ...byteField('key', key), ...byteField('value', value) };
  return { ...bytes, modRevision, createRevision, version };
}

function showRow({ key, value }: KeyValue, isKeysOnly: boolean): string {
  return isKeysOnly ? showOnOneLine(key) : `${showOnOneLine(key)}\t${showOnOneLine(value)}`;
}
