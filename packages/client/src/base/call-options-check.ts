/** What callers without types may pass for options. */
import { invalidArgument } from './errors.js';

/** Throws ClientError INVALID_ARGUMENT for an option that does not exist, which otherwise would silently be none, and for a signal that is none. */
export function checkOptions(options: { readonly signal?: AbortSignal | undefined }, names: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(
      'options',
      `the options are ${options === null ? 'null' : typeof options}; allowed is an object`,
    );
  }
  for (const name in options) {
    if (names.has(name)) continue;
    throw invalidArgument(name, `there is no option ${name}; allowed are ${[...names].sort().join(', ')}`);
  }
  const { signal } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw invalidArgument('signal', 'signal is no AbortSignal');
  }
}
