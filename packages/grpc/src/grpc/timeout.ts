/** `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2, "Timeout"). */

const VALUE_MAX = 99_999_999;
const DIGITS_MAX = 8;

/** Milliseconds of each unit. */
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * The header's value for a time left in milliseconds, rounded up, at least one nanosecond. Whole milliseconds stay in milliseconds,
 * so that calls with the same timeout send the same header.
 */
export function encodeTimeout(ms: number): string {
  if (!(ms > 0)) return '1n';
  if (ms < 100 && !Number.isInteger(ms)) return ms < 1e-3 ? '1u' : `${Math.ceil(ms * 1e3)}u`;
  if (ms <= VALUE_MAX) return `${Math.ceil(ms)}m`;
  if (ms <= VALUE_MAX * 1_000) return `${Math.ceil(ms / 1_000)}S`;
  return `${Math.min(VALUE_MAX, Math.ceil(ms / 3_600_000))}H`;
}

/** The time in milliseconds, perhaps a fraction; undefined if the text is malformed. */
export function parseTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  if (digits < 1 || digits > DIGITS_MAX) return undefined;
  let value = 0;
  for (let at = 0; at < digits; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    value = value * 10 + digit;
  }
  const unit = text.charAt(digits);
  return Object.hasOwn(units, unit) ? value * (units[unit] ?? 0) : undefined;
}
