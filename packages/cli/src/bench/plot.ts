/** A plot of numbers over time as lines of text: one column for each second, or for several when there are more than columns. */

export interface PlotOptions {
  /** Columns for bars. */
  readonly width: number;
  /** Lines for bars. */
  readonly height: number;
  /** False where only ASCII can be shown. */
  readonly isUnicode: boolean;
}

const eighths = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/** A cell that is at least half full is drawn. */
const halves = [' ', ' ', ' ', ' ', '#', '#', '#', '#', '#'];

/** The plot, its axes labelled; nothing for less than two seconds, which say no more than their sum. */
export function plotPerSecond(counts: readonly number[], { width, height, isUnicode }: PlotOptions): readonly string[] {
  if (counts.length < 2) return [];
  const secondsPerColumn = Math.ceil(counts.length / width);
  const columns = averages(counts, secondsPerColumn);
  const top = roundUp(Math.max(1, ...columns));
  const labelWidth = showCount(top).length;
  const cells = isUnicode ? eighths : halves;
  const lines: string[] = [];
  for (let line = height - 1; line >= 0; line -= 1) {
    const bars = columns.map((value) => cells[fillOf(value / top, height, line)] ?? ' ').join('');
    const label = line === height - 1 ? showCount(top) : line === 0 ? '0' : '';
    lines.push(`${label.padStart(labelWidth)} ${isUnicode ? '┤' : '|'}${bars}`.trimEnd());
  }
  const unit = secondsPerColumn === 1 ? 'a second' : `${secondsPerColumn} seconds`;
  lines.push(`${' '.repeat(labelWidth)}  requests per second, one column is ${unit}`);
  return lines;
}

/** Eighths of the cell in this line that a bar fills which reaches `part` of the height. */
function fillOf(part: number, height: number, line: number): number {
  const filled = Math.round(part * height * 8) - line * 8;
  // What is not zero is seen.
  const least = line === 0 && part > 0 ? 1 : 0;
  return Math.min(8, Math.max(least, filled));
}

function averages(counts: readonly number[], group: number): readonly number[] {
  return Array.from({ length: Math.ceil(counts.length / group) }, (_, at) => {
    const part = counts.slice(at * group, (at + 1) * group);
    return part.reduce((sum, count) => sum + count, 0) / part.length;
  });
}

/** The next number of one digit and zeros, or of 1.5 or 2.5 times such a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value) ?? 10;
  return Math.ceil(step * power);
}

/** A count with commas between thousands. */
export function showCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
