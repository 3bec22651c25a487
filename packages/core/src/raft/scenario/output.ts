/**
 * What a scenario prints, with the log lines of its nodes between. Log lines below the level are dropped; level none drops
 * everything but errors.
 */
import type { LogSink, WriteLine } from '../log-sink.js';
import { ScenarioError } from './arguments.js';

const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'none'] as const;

export type OutputLevel = (typeof LEVELS)[number];

/** Parses a level's name, in any case. */
export function parseLevel(text: string): OutputLevel {
  const level = LEVELS.find((name) => name === text.toLowerCase());
  if (level === undefined) throw new ScenarioError(`log levels must be one of ${LEVELS.join(', ')}, not "${text}"`);
  return level;
}

export class Output implements LogSink {
  level: OutputLevel = 'debug';
  #text = '';
  readonly #debug: WriteLine = (text) => this.write(`DEBUG ${text}\n`);
  readonly #info: WriteLine = (text) => this.write(`INFO ${text}\n`);
  readonly #warn: WriteLine = (text) => this.write(`WARN ${text}\n`);
  readonly #error: WriteLine = (text) => this.write(`ERROR ${text}\n`);

  get debug(): WriteLine | undefined {
    return this.#isOn('debug') ? this.#debug : undefined;
  }

  get info(): WriteLine | undefined {
    return this.#isOn('info') ? this.#info : undefined;
  }

  get warn(): WriteLine | undefined {
    return this.#isOn('warn') ? this.#warn : undefined;
  }

  get error(): WriteLine | undefined {
    return this.#isOn('error') ? this.#error : undefined;
  }

  /** Whether everything is dropped. */
  get isQuiet(): boolean {
    return this.level === 'none';
  }

  write(text: string): void {
    this.#text += text;
  }

  /** Everything written since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Runs `body` with each line it writes indented by two. */
  indented(body: () => void): void {
    const before = this.take();
    body();
    const lines = this.take().split('\n');
    if (lines.at(-1) === '') lines.pop();
    this.#text = before + lines.map((line) => `  ${line}\n`).join('');
  }

  #isOn(level: OutputLevel): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.level);
  }
}
