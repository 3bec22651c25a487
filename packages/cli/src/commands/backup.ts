/** `kvorum backup`: takes a backup of a running cluster, and verifies one. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { explainBackupFailure } from '../backup/backup-failures.js';
import { backupBytes, readBackupFile, writeBackupFile } from '../backup/backup-file.js';
import { showBytes, showProgress } from '../progress.js';
import { readEndpoints } from '../client/endpoint.js';
import { fetchBackup } from '../client/fetch-backup.js';
import { CommandError } from '../command-error.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addClientFlags, type ClientFlags } from './client-flags.js';

interface BackupFlags extends ClientFlags {
  readonly serializable?: boolean;
  readonly force?: boolean;
}

const examples = `
Examples:
  kvorum backup kvorum.backup
  kvorum backup nightly.backup --force -e 10.0.0.2:2379
  kvorum backup verify kvorum.backup
  kvorum restore kvorum.backup --data-dir /var/lib/kvorum`;

const verifyExamples = `
Examples:
  kvorum backup verify kvorum.backup
  kvorum backup verify kvorum.backup --json`;

/** `kvorum backup <file>` and `kvorum backup verify <file>`. */
export function backupCommand(terminal: Terminal): Command {
  const command = new Command('backup')
    .summary('take a backup of a running cluster')
    .description(
      'Writes every key with its history, at one revision, to a file and verifies it on the way. The file appears only when it is whole.',
    )
    .argument('<file>', 'the file to write')
    .option('--serializable', "the node's own state: needs no quorum, may be slightly old")
    .option('--force', 'replace the file where there is one');
  addClientFlags(command, "until the backup begins (default: the node's)")
    .addHelpText('after', examples)
    .action((file: string, flags: BackupFlags) => backUp(terminal, file, flags));
  return command.addCommand(verifyCommand(terminal));
}

function verifyCommand(terminal: Terminal): Command {
  return new Command('verify')
    .summary('check every byte of a backup, offline')
    .description(
      'Reads the whole file and checks checksums, order, row count and content hash. Exit code 6 when it is damaged.',
    )
    .argument('<file>', 'the backup')
    .option('--json', 'print JSON')
    .addHelpText('after', verifyExamples)
    .action(async (file: string, _own: object, self: Command) => {
      // --json is a flag of the parent too, which commander may have given it to.
      const isJson = self.optsWithGlobals<{ json?: boolean }>().json === true;
      const bytes = await backupBytes(file);
      const progress = showProgress(terminal, { label: 'verifying', total: bytes, show: showBytes, isJson });
      const { verifyBackup } = await import('@kvorum/server');
      const content = await verifyBackup(readBackupFile(file, progress)).catch((error: unknown) => {
        progress.stop();
        throw explainBackupFailure(error, file);
      });
      if (isJson) printJson(terminal.stdout, { file, bytes, ...content });
      else printLine(terminal.stdout, `ok, ${describe(content, bytes)}`);
    });
}

async function backUp(terminal: Terminal, file: string, flags: BackupFlags): Promise<void> {
  const isJson = flags.json === true;
  if (existsSync(file) && flags.force !== true) {
    throw new CommandError('failed', `${file} exists already`, {
      code: 'FILE_EXISTS',
      hint: 'Choose another name, or replace it with --force.',
    });
  }
  const { verifyBackup } = await import('@kvorum/server');
  const answer = await fetchBackup({
    endpoints: readEndpoints(flags, terminal.env),
    timeoutMs: flags.timeout,
    isSerializable: flags.serializable,
  });
  const progress = showProgress(terminal, { label: 'receiving', total: answer.bytesEstimate, show: showBytes, isJson });
  const { chunks } = answer;
  const content = await writeBackupFile({ file, chunks, verify: verifyBackup, progress }).catch((error: unknown) => {
    throw explainBackupFailure(error, 'the stream');
  });
  const { bytes } = content;
  if (isJson) printJson(terminal.stdout, { file, ...content });
  else printLine(terminal.stdout, `ok, ${file}: ${describe(content, bytes)}`);
}

function describe(
  { revision, records }: { readonly revision: number; readonly records: number },
  bytes: number,
): string {
  return `revision ${revision}, ${records} records, ${showBytes(bytes)}, verified`;
}
