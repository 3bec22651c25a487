/** `kvorum get`: prints the value of a key. */
import { Command } from 'commander';
import { byteField } from '../bytes-text.js';
import { withClient } from '../client/connection.js';
import { CommandError } from '../command-error.js';
import { printJson } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, addKeyFlags, type KeyFlags, readKey, revisionOption } from './client-flags.js';

interface GetFlags extends KeyFlags {
  readonly revision?: number;
  readonly serializable?: boolean;
}

/** `kvorum get <key>`. */
export function getCommand(terminal: Terminal): Command {
  const command = new Command('get')
    .summary('print the value of a key')
    .description('Prints the bytes of the value; exit code 1 when the key does not exist.')
    .argument('<key>', 'the key')
    .addOption(revisionOption('--revision <n>', 'read the state as of this revision'))
    .option('--serializable', "answer from some node's own state: faster, may be slightly old");
  return addClientFlags(addKeyFlags(command))
    .addHelpText(
      'after',
      '\nExamples:\n  kvorum get hello\n  kvorum get config/app --json\n  kvorum get hello --revision 7\n  kvorum get --base64 /wA=',
    )
    .action(async (text: string, flags: GetFlags) => {
      const key = readKey(text, flags.base64);
      const found = await withClient(terminal, flags, (client) =>
        client.get(key, {
          revision: flags.revision,
          consistency: flags.serializable === true ? 'serializable' : 'linearizable',
        }),
      );
      if (found === undefined) throw new CommandError('failed', 'the key does not exist', { code: 'KEY_NOT_FOUND' });
      const { value, modRevision, createRevision, version, revision } = found;
      if (flags.json === true) {
        const revisions = { modRevision, createRevision, version, revision };
        printJson(terminal.stdout, { ...byteField('key', key), ...byteField('value', value), ...revisions });
        return;
      }
      terminal.stdout.write(value);
      // The bytes stay exact for programs; a person gets the prompt on a new line.
      if (terminal.isTty && value.at(-1) !== 0x0a) terminal.stdout.write('\n');
    });
}
