// The two notations of a history's lines, both Jepsen's: its log (`INFO  jepsen.util - 3⇥:invoke⇥:write⇥4`) and one map per line
// (`{:process 3, :type :invoke, :f :append, :key "0", :value "x"}`). Lines of the log that tell something else are passed over.
import { type EdnValue, readEdn } from './edn.js';
import { HistoryError } from './history-error.js';

/** What happened to an operation: asked, succeeded, certainly refused, nobody knows. */
export type EventType = 'invoke' | 'ok' | 'fail' | 'info';

/** One line of a history. */
export interface HistoryEvent {
  /** From 1; the time of the event. */
  readonly line: number;
  readonly process: string;
  readonly type: EventType;
  /** What is asked for, without the colon: `read`, `append` … */
  readonly action: string;
  readonly key: EdnValue | undefined;
  readonly value: EdnValue;
}

const NIL: EdnValue = { kind: 'nil', text: 'nil' };
const LOG_LINE = /\bjepsen\.util - (\d+)\s+:(\w+)\s+:([\w-]+)\s+(.+)$/;

function eventType(text: string, line: number): EventType {
  if (text === 'invoke' || text === 'ok' || text === 'fail' || text === 'info') return text;
  throw new HistoryError(line, `unknown type :${text}`);
}

function readValue(text: string, line: number): EdnValue {
  try {
    return readEdn(text);
  } catch (cause) {
    throw new HistoryError(line, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function logEvent(text: string, line: number): HistoryEvent | undefined {
  const [, process, type, action, value] = LOG_LINE.exec(text) ?? [];
  if (process === undefined || type === undefined || action === undefined || value === undefined) return undefined;
  return { line, process, type: eventType(type, line), action, key: undefined, value: readValue(value, line) };
}

function keyword(entries: ReadonlyMap<string, EdnValue>, name: string, line: number): string {
  const value = entries.get(name);
  if (value?.kind !== 'keyword') throw new HistoryError(line, `${name} is missing or no keyword`);
  return value.text.slice(1);
}

function mapEvent(text: string, line: number): HistoryEvent | undefined {
  const value = readValue(text, line);
  if (value.kind !== 'map') throw new HistoryError(line, 'a map expected');
  const process = value.entries.get(':process');
  if (process?.kind === 'keyword') return undefined; // The nemesis, which touches no data.
  if (process?.kind !== 'number') throw new HistoryError(line, ':process is missing or no number');
  return {
    line,
    process: process.text,
    type: eventType(keyword(value.entries, ':type', line), line),
    action: keyword(value.entries, ':f', line),
    key: value.entries.get(':key'),
    value: value.entries.get(':value') ?? NIL,
  };
}

/**
 * Whether the end of a line shows that nothing of it is missing: brackets and quotes are closed. A number or keyword may go on, and so may a line of the log
 * that tells something else.
 */
function isClosed(content: string): boolean {
  return content === '' || /^[;{]/.test(content) || (LOG_LINE.test(content) && /(?:[\]}"]|\snil)$/.test(content));
}

/**
 * The events of a history's text; throws `HistoryError` on a line that is neither an event nor a line of a log, and on a last line without a newline that may
 * have been cut off.
 */
export function readEvents(text: string): HistoryEvent[] {
  const lines = text.split(/\r?\n/);
  const last = lines.at(-1)?.trim() ?? '';
  if (!isClosed(last))
    throw new HistoryError(lines.length, 'the last line has no newline behind it and may be cut off');
  return lines.flatMap((content, index) => readLine(content.trim(), index + 1));
}

function readLine(content: string, line: number): HistoryEvent[] {
  if (content === '' || content.startsWith(';')) return [];
  const event = content.startsWith('{') ? mapEvent(content, line) : logEvent(content, line);
  if (event !== undefined || content.startsWith('{')) return event === undefined ? [] : [event];
  if (!/^[A-Z]+\b/.test(content)) throw new HistoryError(line, 'not an event');
  return [];
}
