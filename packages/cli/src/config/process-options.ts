/** Options of the command's process rather than of the node; they stand beside the node's in flags, environment and file. */
import { type OptionKind, oneOf } from '@kvorum/server/options/option-kinds.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevelName = (typeof logLevels)[number];
export type LogFormat = 'auto' | 'json' | 'pretty';

export interface ProcessOptions {
  readonly logLevel: LogLevelName;
  readonly logFormat: LogFormat;
}

export type ProcessOptionName = keyof ProcessOptions;

export interface ProcessOptionRow<T> {
  readonly kind: OptionKind<T>;
  readonly default: T;
  readonly defaultWords?: string;
  readonly description: string;
}

export const processTable: { readonly [Name in ProcessOptionName]: ProcessOptionRow<ProcessOptions[Name]> } = {
  logLevel: { kind: oneOf(logLevels), default: 'info', description: 'least severe lines that are logged' },
  logFormat: {
    kind: oneOf(['auto', 'json', 'pretty']),
    default: 'auto',
    defaultWords: 'auto: pretty on a terminal, else json',
    description: 'how the log is written to stderr',
  },
};

export const processNames: readonly ProcessOptionName[] = ['logLevel', 'logFormat'];
