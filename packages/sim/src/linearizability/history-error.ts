/** A history file can't be understood; the message starts with the line. */
export class HistoryError extends Error {
  readonly code = 'HISTORY_SYNTAX';
  readonly line: number;

  constructor(line: number, message: string, options?: ErrorOptions) {
    super(`line ${line}: ${message}`, options);
    this.name = 'HistoryError';
    this.line = line;
  }
}
