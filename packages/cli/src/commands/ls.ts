/** `kvorum ls`: lists keys in order. */
import { once } from 'node:events';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandError } from '../command-error.js';
import { printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, type ClientFlags, createClient, limitOption, revisionOption } from './client-flags.js';

interface LsFlags extends ClientFlags {
  readonly prefix?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly keysOnly?: boolean;
  readonly revision?: number;
  readonly serializable?: boolean;
}

const row = z.object({
  key: z.string().optional(),
  keyBase64: z.string().optional(),
  value: z.string().optional(),
  valueBase64: z.string().optional(),
  cursor: z.string().optional(),
});

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
      'Lists keys in order with their values, all at one revision. Bytes that are not UTF-8 show as base64:…',
    )
    .option('--prefix <text>', 'only keys that begin with this')
    .addOption(limitOption('--limit <n>', 'at most this many keys'))
    .option('--cursor <text>', 'go on where a list with --limit ended: its last line with --json')
    .option('--keys-only', 'leave values out')
    .addOption(revisionOption('--revision <n>', 'list the state as of this revision'))
    .option('--serializable', "answer from the node's own state: faster, may be slightly old");
  return addClientFlags(command)
    .addHelpText('after', examples)
    .action((flags: LsFlags) => list(terminal, flags));
}

async function list(terminal: Terminal, flags: LsFlags): Promise<void> {
  const lines = createClient(terminal, flags).list({
    prefix: Buffer.from(flags.prefix ?? '', 'utf8'),
    limit: flags.limit,
    cursor: flags.cursor,
    isKeysOnly: flags.keysOnly,
    revision: flags.revision,
    isSerializable: flags.serializable,
  });
  let hasMore = false;
  for await (const line of lines) {
    const { cursor, ...fields } = readRow(line);
    hasMore ||= cursor !== undefined;
    if (cursor !== undefined && flags.json !== true) continue;
    const isTaken = terminal.stdout.write(`${flags.json === true ? line : showRow(fields, flags.keysOnly === true)}\n`);
    if (!isTaken) await once(terminal.stdout, 'drain');
  }
  if (hasMore && flags.json !== true)
    printLine(terminal.stderr, `(more keys follow; --limit ${flags.limit} cut the list)`);
}

function readRow(line: string): z.infer<typeof row> {
  try {
    return row.parse(JSON.parse(line));
  } catch (error) {
    throw new CommandError('failed', 'the endpoint sent a list that is not in kvorum form', { cause: error });
  }
}

function showRow(fields: Omit<z.infer<typeof row>, 'cursor'>, isKeysOnly: boolean): string {
  const key = fields.key ?? `base64:${fields.keyBase64}`;
  if (isKeysOnly) return key;
  return `${key}\t${fields.value ?? `base64:${fields.valueBase64}`}`;
}
