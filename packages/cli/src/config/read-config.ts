/** Reads the configuration file that a flag or the environment names, and ends the command when settings are wrong. */
import { readFile } from 'node:fs/promises';
import { CommandError } from '../command-error.js';
import { loadSettings, type Settings, type SettingsCheck, type Sources } from './settings.js';
import { configFileBytesMax, parseYamlFile } from './yaml-file.js';

export interface ConfigRequest {
  /** Values of flags by option name. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The `--config` flag. */
  readonly path: string | undefined;
  readonly defaults?: Sources['defaults'];
}

/** Reads and checks everything. Fails with a usage error only when the file cannot be read. */
export async function checkConfig({ flags, env, path, defaults }: ConfigRequest): Promise<SettingsCheck> {
  const filePath = path ?? (env['KVORUM_CONFIG'] === '' ? undefined : env['KVORUM_CONFIG']);
  if (filePath === undefined) return loadSettings({ flags, env, defaults });
  const content = parseYamlFile(filePath, await readText(filePath));
  return loadSettings({ flags, env, defaults, file: { path: filePath, content } });
}

/** As {@link checkConfig}, but wrong settings end the command with every problem listed. */
export async function requireConfig(
  request: ConfigRequest,
): Promise<{ settings: Settings; warnings: readonly string[] }> {
  const { settings, problems, warnings } = await checkConfig(request);
  if (settings === undefined) throw configError(problems);
  return { settings, warnings };
}

/** The error that lists all problems. */
export function configError(problems: readonly string[]): CommandError {
  const [only, ...others] = problems;
  const message =
    only !== undefined && others.length === 0
      ? only
      : [`the configuration has ${problems.length} problems:`, ...problems].join('\n');
  return new CommandError('usage', message, { code: 'INVALID_CONFIG', fields: { problems } });
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= configFileBytesMax) return bytes.toString('utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `the configuration file ${path} cannot be read: ${reason}`, {
      code: 'INVALID_CONFIG',
      hint: 'Check the path given with --config or KVORUM_CONFIG.',
      cause: error,
    });
  }
  throw new CommandError('usage', `the configuration file ${path} is larger than ${configFileBytesMax} bytes`);
}
