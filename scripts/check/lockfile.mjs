// The lockfile is complete (npm 11's `npm ci` refuses one with gaps) and names no registry.
import { missingEntries, resolvedEntries } from '../lib/lockfile.mjs';

const path = 'package-lock.json';

export const title = 'lockfile';

/** Findings over `{ path, text }` files. */
export function check(files) {
  const file = files.find((each) => each.path === path);
  if (file === undefined)
    return [{ path, line: 1, message: 'there is none: run "npm install" and "npm run lockfile"' }];
  const lock = JSON.parse(file.text);
  return [
    ...missingEntries(lock).map(({ name, from }) => ({
      path,
      line: 1,
      message: `${name} (of ${from}) is missing: run "npm run lockfile"`,
    })),
    ...resolvedEntries(lock).map((key) => ({
      path,
      line: 1,
      message: `${key} names the place it came from: run "npm run lockfile"`,
    })),
  ];
}
