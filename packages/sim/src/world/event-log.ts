/**
 * The event log of a run: every message, disk call, timer, fault and client call is a line. The lines are hashed, so that two runs can be compared
 * whole (R1), the last ones are kept for people, and all of them go to `print` when that is asked for.
 */
import { createHash } from 'node:crypto';

/** Lines that a failed run shows. */
const LINES_KEPT = 200;
/** Lines that are hashed in one go. */
const LINES_PER_UPDATE = 512;

export interface EventLogOptions {
  readonly nowMs: () => number;
  readonly print?: ((line: string) => void) | undefined;
}

export class EventLog {
  lines = 0;
  readonly #hash = createHash('sha256');
  readonly #options: EventLogOptions;
  #fresh: string[] = [];
  #last: string[] = [];

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** One line: who, and what happened to it. */
  add(who: string, what: string): void {
    const line = `${this.#options.nowMs().toFixed(3)} ${who} ${what}`;
    this.lines += 1;
    this.#fresh.push(line);
    this.#options.print?.(line);
    if (this.#fresh.length >= LINES_PER_UPDATE) this.#update();
  }

  /** Of all lines up to now, 64 hex digits. */
  digest(): string {
    this.#update();
    return this.#hash.copy().digest('hex');
  }

  /** The last lines. */
  tail(count = LINES_KEPT): string[] {
    return [...this.#last, ...this.#fresh].slice(-count);
  }

  #update(): void {
    if (this.#fresh.length === 0) return;
    this.#hash.update(`${this.#fresh.join('\n')}\n`);
    this.#last = this.tail();
    this.#fresh = [];
  }
}
