// What the benches share: percentiles and one line per figure, `ok|short  name  measured  target`.

/** Value below which `share` (0..1) of the samples lie. */
export function percentile(samples, share) {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Prints one figure. Without a target it is for information. */
export function report(name, measured, unit, target = '', isOk) {
  const mark = isOk === undefined ? '     ' : isOk ? 'ok   ' : 'short';
  console.log(`${mark}  ${name.padEnd(58)}  ${`${format(measured)} ${unit}`.padEnd(18)}  ${target}`.trimEnd());
}

function format(value) {
  if (typeof value !== 'number') return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
