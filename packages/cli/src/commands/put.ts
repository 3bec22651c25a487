/** `kvorum put`: stores a value. */
import { requestBytesMax } from '@kvorum/protocol';
import { Command } from 'commander';
import { byteField } from '../bytes-text.js';
import { withClient } from '../client/connection.js';
import { CommandError } from '../command-error.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, addKeyFlags, type KeyFlags, readKey, revisionOption } from './client-flags.js';

interface PutFlags extends KeyFlags {
  readonly ifRevision?: number;
  readonly ifAbsent?: boolean;
}

const examples = `
Examples:
  kvorum put hello world
  kvorum put config/app - < app.json
  kvorum put lock me --if-absent
  kvorum put hello again --if-revision 7`;

/** `kvorum put <key> <value>`. */
export function putCommand(terminal: Terminal): Command {
  const command = new Command('put')
    .summary('store a value under a key')
    .description('Stores the value and prints the new revision once a majority of the nodes has it on disk.')
    .argument('<key>', 'the key')
    .argument('<value>', 'the value; - reads it from stdin')
    .addOption(
      revisionOption('--if-revision <n>', 'only when the key was last changed at this revision').conflicts('ifAbsent'),
    )
    .option('--if-absent', 'only when the key does not exist');
  return addClientFlags(addKeyFlags(command))
    .addHelpText('after', examples)
    .action(async (text: string, valueText: string, flags: PutFlags) => {
      const key = readKey(text, flags.base64);
      const value = valueText === '-' ? await readInput(terminal, requestBytesMax) : Buffer.from(valueText, 'utf8');
      const { ifRevision, ifAbsent } = flags;
      const condition = ifRevision === undefined ? { ifAbsent } : { ifModRevision: ifRevision };
      const result = await withClient(terminal, flags, (client) => client.set(key, value, condition));
      if (flags.json === true) printJson(terminal.stdout, { ...byteField('key', key), ...result });
      else printLine(terminal.stdout, `ok, revision ${result.revision}`);
    });
}

async function readInput({ stdin }: Terminal, bytesMax: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > bytesMax) {
      throw new CommandError('usage', `the value is too large; a request holds at most ${bytesMax} bytes`, {
        code: 'REQUEST_TOO_LARGE',
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
