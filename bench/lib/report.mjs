// How every bench prints: one line per figure, `ok|short  name  measured  target`, and the statistics behind it. A figure without a target is
// for information and has no mark. `npm run bench` counts the marks.

/**
 * Prints one figure.
 * @param target `{ most }` or `{ least }`, in the unit of the figure; without it the figure is for information
 */
export function figure(name, measured, unit, target) {
  const mark = target === undefined ? '' : isMet(measured, target) ? 'ok' : 'short';
  const value = `${format(measured)} ${unit}`.trim();
  console.log(`${mark.padEnd(5)}  ${name.padEnd(72)}  ${value.padEnd(22)}  ${describe(target, unit)}`.trimEnd());
}

/** Value below which `share` (0..1) of the samples lie. */
export function percentile(samples, share) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(samples) {
  return percentile(samples, 0.5);
}

function isMet(measured, { most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY }) {
  return measured <= most && measured >= least;
}

function describe(target, unit) {
  if (target === undefined) return '';
  const { most, least, because } = target;
  const bound = most === undefined ? `>= ${format(least)}` : `<= ${format(most)}`;
  return `${bound} ${unit}${because === undefined ? '' : ` (${because})`}`.trimEnd();
}

function format(value) {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  if (Number.isInteger(value)) return String(value);
  return value.toPrecision(3);
}
