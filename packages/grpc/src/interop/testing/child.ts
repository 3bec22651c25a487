/** Programs of others, as tests run them. */
import { execFile, spawnSync } from 'node:child_process';

const RUN_MS_MAX = 60_000;

export interface ChildResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function runChild(command: string, args: readonly string[]): Promise<ChildResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: RUN_MS_MAX, encoding: 'latin1', maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}

/** Whether `command` runs at all. */
export function isThere(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: RUN_MS_MAX }).status === 0;
}

/** The first Python 3 that imports `grpc`: Debian's package is for Debian's own interpreter, which need not be the first in the path. */
export function pythonWithGrpc(): string | undefined {
  const candidates = ['python3', '/usr/bin/python3', '/usr/local/bin/python3'];
  return candidates.find((command) => isThere(command, ['-c', 'import grpc']));
}
