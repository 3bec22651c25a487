/** What a command may know of the process around it. Commands get it handed in, so tests can stand in for a terminal. */
import type { Readable, Writable } from 'node:stream';

export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** True when a person looks at stdout. */
  readonly isTty: boolean;
  /** True when a person looks at stderr. */
  readonly isErrorTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the person called this command, to print commands that can be copied: `kvorum` or `npx kvorum`. */
  readonly commandName: string;
  /** The process's own signals and, for a supervised node, its supervisor's messages. */
  readonly control: ProcessControl;
}

/** What can come to the process from outside, and how it answers a supervisor. */
export interface ProcessControl {
  /** Calls `run` at each SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onSignal(run: (signal: string) => void): () => void;
  /** Calls `run` for each message of the parent process, and with undefined once when the parent has gone. */
  onParent(run: (message: unknown) => void): () => void;
  /** Sends a message to the parent process; ignored without one. */
  sendParent(message: unknown): void;
}

/** The real process. */
export function processTerminal(): Terminal {
  const isFromNpm = process.env['npm_command'] !== undefined;
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isTty: process.stdout.isTTY === true,
    isErrorTty: process.stderr.isTTY === true,
    env: process.env,
    commandName: isFromNpm ? 'npx kvorum' : 'kvorum',
    control: processControl(),
  };
}

function processControl(): ProcessControl {
  return {
    onSignal(run) {
      const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const name of names) process.on(name, run);
      return () => {
        for (const name of names) process.off(name, run);
      };
    },
    onParent(run) {
      const onGone = (): void => run(undefined);
      process.on('message', run);
      process.on('disconnect', onGone);
      // The parent may have gone before anyone listened.
      if (process.send === undefined || !process.connected) queueMicrotask(onGone);
      return () => {
        process.off('message', run);
        process.off('disconnect', onGone);
        if (process.connected) process.disconnect();
      };
    },
    sendParent(message) {
      // A parent that is gone is told by `disconnect`; a failed send says nothing more.
      if (process.send !== undefined && process.connected) process.send(message, () => undefined);
    },
  };
}
