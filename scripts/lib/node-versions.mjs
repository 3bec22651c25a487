// Other versions of Node than the one that runs, as packages of the registry that hold a ready binary.

/** Majors on which everything has to work. */
export const nodeMajors = [20, 22, 24, 26];

/** How to run `node` of a major version: a command and its first arguments. */
export function nodeOf(major) {
  const binary = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return { command: 'npx', prefix: ['-y', `--package=${binary}@${major}`, '--', 'node'] };
}
