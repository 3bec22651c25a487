/** An error that ends a command: what happened, in words a person can act on, and the exit code. */
import { type ExitName, exitCodes } from './exit-codes.js';

export interface CommandErrorDetails {
  /** A stable code for programs; default: the exit's name. */
  readonly code?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Further fields of the JSON form. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exit: ExitName;
  readonly code: string;
  readonly hint: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(exit: ExitName, message: string, details: CommandErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.exit = exit;
    this.code = details.code ?? exit;
    this.hint = details.hint;
    this.fields = details.fields ?? {};
  }

  get exitCode(): number {
    return exitCodes[this.exit].code;
  }
}
