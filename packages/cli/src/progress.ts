/** How far a long command is: a bar that redraws itself for a person, now and then a line for a log, nothing for a program. */
import type { Terminal } from './terminal.js';

/** Told how much is done. */
export interface Progress {
  update(done: number): void;
  /** All is done; the bar's line ends. */
  finish(): void;
  /** It failed; the bar's line ends as it is. */
  stop(): void;
}

export interface ProgressOptions {
  /** What is going on, such as `verifying`. */
  readonly label: string;
  /** All there is to do, in the unit of `update`; undefined when nobody knows. */
  readonly total: number | undefined;
  /** What is done in words, such as `3.1 MiB`. */
  readonly show: (done: number) => string;
  readonly isJson: boolean;
  readonly nowMs?: () => number;
}

const barWidth = 30;
const redrawMs = 100;
const lineMs = 5000;

/** Shows progress on stderr. */
export function showProgress(terminal: Pick<Terminal, 'stderr' | 'isErrorTty'>, options: ProgressOptions): Progress {
  const { label, isJson, nowMs = () => performance.now() } = options;
  if (isJson) return silent;
  const { stderr, isErrorTty } = terminal;
  let done = 0;
  let shownMs = nowMs();
  let isShown = false;
  const show = (isDone: boolean): void => {
    const state = isDone ? `done, ${options.show(done)}` : stateOf(done, options, isErrorTty);
    // The cleared rest of the line is what a longer state left there.
    stderr.write(isErrorTty ? `\r${label} ${state}\x1b[K` : `${label} ${state}\n`);
    isShown = true;
    shownMs = nowMs();
  };
  const end = (): void => {
    if (isErrorTty && isShown) stderr.write('\n');
    isShown = false;
  };
  return {
    update(amount) {
      done = amount;
      if (nowMs() - shownMs >= (isErrorTty ? redrawMs : lineMs)) show(false);
    },
    finish() {
      show(true);
      end();
    },
    stop: end,
  };
}

const silent: Progress = { update: () => undefined, finish: () => undefined, stop: () => undefined };

/** A total that is an estimate may be passed; the bar then stays just below its end. */
function stateOf(done: number, { total, show }: ProgressOptions, hasBar: boolean): string {
  if (total === undefined || total === 0) return show(done);
  const part = Math.min(0.99, done / total);
  const filled = Math.floor(part * barWidth);
  const bar = hasBar ? `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ` : '';
  return `${bar}${Math.floor(part * 100)} % (${show(done)})`;
}

/** Bytes with a unit that a person can read. */
export function showBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
