// Nothing committed depends on one machine or one registry: no absolute paths of a home or build folder, no registry hosts.
// The patterns are written in pieces so that this file passes its own rule.

const PATTERNS = [
  { what: 'absolute path of a machine', pattern: new RegExp(`(?<![\\w.~-])/(?:work|root|tmp/${'wt'})/`) },
  { what: 'absolute path of a machine', pattern: /(?<![\w.~-])\/(?:home|Users)\/(?!node\/|kvorum\/)\w+\// },
  {
    what: 'registry host',
    pattern: new RegExp(`\\bregistry\\.${'[a-z0-9-]+'}\\.[a-z]|\\b(?:npm${'js'}|yarn${'pkg'})\\.(?:org|com)`, 'i'),
  },
  { what: 'registry host', pattern: /\/\/[\w.:-]+\/(?:artifactory|nexus|verdaccio|npm-proxy)\//i },
];
const BINARY = /\.(png|jpe?g|gif|ico|woff2?|bin|mdb|tgz|gz)$/;

export const title = 'neutral text';

/** Findings over `{ path, text }` files. */
export function check(files) {
  return files
    .filter((file) => !BINARY.test(file.path))
    .flatMap((file) =>
      file.text.split('\n').flatMap((text, index) =>
        PATTERNS.filter(({ pattern }) => pattern.test(text)).map(({ what }) => ({
          path: file.path,
          line: index + 1,
          message: `${what}: ${text.trim().slice(0, 100)}`,
        })),
      ),
    );
}
