// Finds and fills gaps in package-lock.json; never talks to the network and never changes an entry that exists.
//
// The gap: a package with native code (biome, oxlint, typescript, lmdb …) names one optional dependency per platform. When npm
// writes the lockfile and can't reach the metadata of such a platform package, it leaves the entry out without a word. npm 10 then
// installs happily, npm 11's `npm ci` refuses with "EUSAGE … Missing: <name>@ from lock file".
//
// What npm needs in an entry for that check: only `version` (within the range asked for) and `optional`. `os`, `cpu` and `libc`
// decide whether npm tries to fetch the package at all, so they must be right: without them each foreign platform's package would be
// downloaded on each machine. `integrity` can only come from the registry. Where it is absent npm verifies the download against
// the integrity in the registry's own metadata; `npm install` on a machine that reaches the package fills it in. `resolved` is
// left out on purpose (.npmrc: omit-lockfile-registry-resolved), so that the lockfile holds for any registry.

const OS = new Set([
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]);
const CPU = new Set(['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']);
const LIBC = new Map([
  ['gnu', 'glibc'],
  ['gnueabihf', 'glibc'],
  ['musl', 'musl'],
  ['musleabihf', 'musl'],
]);
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/**
 * The platform a package is for, read from the words of its name: `@x/binding-linux-arm64-musl` → linux, arm64, musl.
 * Returns only the fields the name tells.
 */
export function platformOf(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = words.findLast((word) => OS.has(word));
  const cpu = words.findLast((word) => CPU.has(word));
  const libc = os === 'linux' ? LIBC.get(words.findLast((word) => LIBC.has(word)) ?? '') : undefined;
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(os === undefined ? {} : { os: [os] }),
  };
}

/** The lockfile key under which Node would find `name` from the package at `from`, or undefined. */
function resolve(packages, from, name) {
  for (let folder = from; ; ) {
    const key = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (key in packages) return key;
    if (folder === '') return undefined;
    const cut = folder.lastIndexOf('/node_modules/');
    folder = cut === -1 ? '' : folder.slice(0, cut);
  }
}

/**
 * Every dependency of a locked package that has no entry.
 * @returns {{ from: string, name: string, range: string, optional: boolean, dev: boolean }[]}
 */
export function missingEntries(lock) {
  const missing = new Map();
  for (const [from, entry] of Object.entries(lock.packages)) {
    if (entry.link === true) continue;
    for (const field of ['dependencies', 'optionalDependencies']) {
      for (const [name, range] of Object.entries(entry[field] ?? {})) {
        if (resolve(lock.packages, from, name) !== undefined) continue;
        const dev = entry.dev === true && (missing.get(name)?.dev ?? true);
        missing.set(name, { from, name, range, optional: field === 'optionalDependencies', dev });
      }
    }
  }
  return [...missing.values()];
}

/** Entries that name the place they came from, which ties the lockfile to one registry. */
export function resolvedEntries(lock) {
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.link !== true && /^https?:/.test(entry.resolved ?? ''))
    .map(([key]) => key);
}

/**
 * A copy of the lockfile with the missing optional entries added and every web address removed, keys in npm's order.
 * @throws Error when an entry is missing that can't be derived: a required one, or one asked for by a range.
 */
export function completed(lock) {
  const packages = { ...lock.packages };
  const added = [];
  for (const { from, name, range, optional, dev } of missingEntries(lock)) {
    if (!optional)
      throw new Error(`${name} (required by ${from || 'the workspace'}) is not locked: run "npm install" first`);
    if (!EXACT.test(range))
      throw new Error(`${name} (optional, of ${from}) is asked for as "${range}": no exact version to lock`);
    const { cpu, ...rest } = platformOf(name);
    packages[`node_modules/${name}`] = {
      version: range,
      ...(cpu === undefined ? {} : { cpu }),
      ...(dev ? { dev: true } : {}),
      optional: true,
      ...rest,
    };
    added.push(`${name}@${range}`);
  }
  for (const key of resolvedEntries({ packages })) {
    const { resolved: _resolved, ...entry } = packages[key];
    packages[key] = entry;
  }
  const byKey = ([a], [b]) => a.localeCompare(b, 'en');
  return { lock: { ...lock, packages: Object.fromEntries(Object.entries(packages).sort(byKey)) }, added };
}
