/** `kvorum del`: deletes a key. */
import { Command } from 'commander';
import { byteField } from '../bytes-text.js';
import { withClient } from '../client/connection.js';
import { CommandError } from '../command-error.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, addKeyFlags, type KeyFlags, readKey, revisionOption } from './client-flags.js';

interface DelFlags extends KeyFlags {
  readonly ifRevision?: number;
}

/** `kvorum del <key>`. */
export function delCommand(terminal: Terminal): Command {
  const command = new Command('del')
    .summary('delete a key')
    .description('Deletes the key; exit code 1 when it does not exist.')
    .argument('<key>', 'the key')
    .addOption(revisionOption('--if-revision <n>', 'only when the key was last changed at this revision'));
  return addClientFlags(addKeyFlags(command))
    .addHelpText('after', '\nExamples:\n  kvorum del hello\n  kvorum del hello --if-revision 7')
    .action(async (text: string, flags: DelFlags) => {
      const key = readKey(text, flags.base64);
      const done = await withClient(terminal, flags, (client) =>
        client.delete(key, flags.ifRevision === undefined ? {} : { ifModRevision: flags.ifRevision }),
      );
      const result = { revision: done.revision, deleted: done.deleted ? 1 : 0 };
      if (!done.deleted) {
        throw new CommandError('failed', 'the key does not exist', { code: 'KEY_NOT_FOUND', fields: { ...result } });
      }
      if (flags.json === true) printJson(terminal.stdout, { ...byteField('key', key), ...result });
      else printLine(terminal.stdout, `deleted, revision ${result.revision}`);
    });
}
