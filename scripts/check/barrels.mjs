// A name is imported from the file that declares it. Only a package's src/index.ts passes names on.
import { importsOf, isCode } from '../lib/source.mjs';

export const title = 'barrels';

/** Findings over `{ path, text }` files. */
export function check(files) {
  return files
    .filter((file) => isCode(file.path) && !/^packages\/[^/]+\/src\/index\.ts$/.test(file.path))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ reexport }) => reexport)
        .map(({ specifier, line }) => ({ path: file.path, line, message: `re-exports from "${specifier}"` })),
    );
}
