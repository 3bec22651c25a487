/** The version of this package. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Read from package.json, which lies beside `dist` wherever the package is installed. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
