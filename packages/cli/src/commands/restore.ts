/** `kvorum restore`: makes the data directory of a node of a new cluster from a backup. */
import { Command } from 'commander';
import { toNodeOptions } from '@kvorum/server/options/resolve-options.js';
import { explainBackupFailure } from '../backup/backup-failures.js';
import { backupBytes, readBackupFile } from '../backup/backup-file.js';
import { type Progress, showBytes, showProgress } from '../progress.js';
import { requireConfig } from '../config/read-config.js';
import type { SettingName } from '../config/settings.js';
import { printJson, printLine } from '../output.js';
import type { Terminal } from '../terminal.js';
import { addSettingFlags } from './setting-flags.js';

interface RestoreFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly [setting: string]: unknown;
}

const restoreSettings: readonly SettingName[] = ['nodeId', 'clusterName', 'dataDir', 'peers'];

const examples = `
Examples:
  kvorum restore kvorum.backup --data-dir /var/lib/kvorum
  kvorum restore kvorum.backup --config kvorum.yaml
  kvorum restore kvorum.backup --node-id 2 --peers 1=10.0.0.1:2380,2=10.0.0.2:2380,3=10.0.0.3:2380

Restore the same file on every node of the new cluster, each with the flags or the file that it will be started with, then start them.`;

/** `kvorum restore <file>`. */
export function restoreCommand(terminal: Terminal): Command {
  const command = new Command('restore')
    .summary('make a new cluster from a backup')
    .description(
      'Makes the data directory of one node of a new cluster; keys, history and revision are those of the backup. The whole file is verified before anything is written.',
    )
    .argument('<file>', 'the backup')
    .option('--config <path>', 'YAML file with options, in place of flags (or KVORUM_CONFIG)')
    .option('--json', 'print JSON');
  addSettingFlags(command, restoreSettings);
  return command
    .addHelpText('after', examples)
    .action((file: string, flags: RestoreFlags) => restore(terminal, file, flags));
}

async function restore(terminal: Terminal, file: string, flags: RestoreFlags): Promise<void> {
  const isJson = flags.json === true;
  const { settings, warnings } = await requireConfig({ flags, env: terminal.env, path: flags.config });
  if (!isJson) for (const warning of warnings) printLine(terminal.stderr, `warning: ${warning}`);
  const bytes = await backupBytes(file);
  const labels = ['verifying', 'restoring'];
  const shown: Progress[] = [];
  const read = () => {
    const label = labels.shift() ?? 'reading';
    const progress = showProgress(terminal, { label, total: bytes, show: showBytes, isJson });
    shown.push(progress);
    return readBackupFile(file, progress);
  };
  const { restoreBackup } = await import('@kvorum/server');
  const restored = await restoreBackup(read, toNodeOptions(settings.node)).catch((error: unknown) => {
    for (const progress of shown) progress.stop();
    throw explainBackupFailure(error, file);
  });
  if (isJson) {
    printJson(terminal.stdout, { file, bytes, ...restored });
    return;
  }
  const { nodeId, dataDir, clusterId, revision, records } = restored;
  printLine(terminal.stdout, `ok, node ${nodeId} of the new cluster ${clusterId}: ${dataDir}`);
  printLine(terminal.stdout, `It holds revision ${revision}, ${records} records.`);
  const others = [...settings.node.peers.keys()].filter((id) => id !== nodeId);
  if (others.length > 0) {
    printLine(terminal.stdout, `Restore the same file on node ${others.join(', ')} too, then start all of them.`);
  }
}
