// Who may import whom: between packages, and between the folders of one package. Lower never imports higher; folders that are
// siblings at one level of core, and storage and transport in server, don't know each other. Tests may reach up inside their package.
import { builtinModules } from 'node:module';
import { importsOf, isCode, isTest, sourceOf } from '../lib/source.mjs';

/** Workspace packages each package may import. */
const PACKAGES = {
  core: [],
  protocol: [],
  grpc: [],
  client: ['protocol', 'grpc'],
  server: ['core', 'protocol', 'grpc'],
  cli: ['client', 'server', 'protocol'],
  sim: ['core', 'server', 'protocol', 'client'],
};
/** What tests of a package may import besides. */
const TEST_PACKAGES = { client: ['server'], cli: ['grpc'] };
/** Packages that run without Node: no built-in modules outside tests, or outside of the one folder for them. */
const WITHOUT_NODE = new Set(['core', 'protocol', 'grpc', 'client']);
const NODE_FOLDER = { grpc: 'node', client: 'node' };
/** Level of each folder below src; a file directly in src is above all of them. */
const LEVELS = {
  core: { base: 0, raft: 1, kv: 1, swim: 1, placement: 1 },
  server: { env: 0, options: 1, storage: 1, transport: 1, shard: 2, cluster: 3, service: 4, api: 5, ops: 5 },
  client: { base: 0, servers: 1, session: 2, calls: 3, kv: 4, watch: 4, node: 5 },
  grpc: { base: 0, hpack: 1, http2: 2, grpc: 3, server: 4, client: 4, node: 5, interop: 6 },
};
const TOP = 9;
/** Pairs of one level that must not import each other. */
const STRANGERS = {
  core: (a, b) => a !== b,
  server: (a, b) => [a, b].sort().join() === 'storage,transport',
  grpc: (a, b) => a !== b,
  client: (a, b) => a !== b,
};

const BUILTIN = new Set(builtinModules);

function place(path) {
  const [, name, , ...rest] = path.split('/');
  return { name, folder: rest.length > 1 ? rest[0] : undefined };
}

function levelProblem(importer, target) {
  const levels = LEVELS[importer.name];
  if (levels === undefined || importer.folder === undefined) return undefined;
  const own = levels[importer.folder];
  if (own === undefined) return `folder "${importer.folder}" has no level in scripts/check/import-levels.mjs`;
  const other = target.folder === undefined ? TOP : (levels[target.folder] ?? TOP);
  if (other > own) return `${importer.folder} must not import ${target.folder ?? 'the top level'} (a higher level)`;
  if (other === own && target.folder !== importer.folder && STRANGERS[importer.name](importer.folder, target.folder)) {
    return `${importer.folder} and ${target.folder} must not know each other`;
  }
  return undefined;
}

function relativeProblem(file, specifier, has) {
  const target = sourceOf(file.path, specifier, has);
  const importer = place(file.path);
  if (!target.startsWith(`packages/${importer.name}/src/`)) return `"${specifier}" leaves the package`;
  if (isTest(file.path)) return undefined;
  if (isTest(target)) return `"${specifier}" is only there for tests`;
  return levelProblem(importer, place(target));
}

function bareProblem(file, specifier, manifests) {
  const { name, folder } = place(file.path);
  const test = isTest(file.path);
  if (specifier.startsWith('node:')) {
    const isFree = !WITHOUT_NODE.has(name) || test || (folder !== undefined && folder === NODE_FOLDER[name]);
    return !isFree ? `${name} must not import Node's "${specifier}"` : undefined;
  }
  if (BUILTIN.has(specifier)) return `write "node:${specifier}"`;
  const wanted = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const sibling = Object.keys(PACKAGES).find((key) => manifests[key]?.name === wanted);
  if (sibling !== undefined) {
    const allowed = [...(PACKAGES[name] ?? []), ...(test ? (TEST_PACKAGES[name] ?? []) : [])];
    return allowed.includes(sibling) ? undefined : `${name} must not import ${wanted}`;
  }
  const manifest = manifests[name] ?? {};
  if (wanted in (manifest.dependencies ?? {}) || wanted in (manifest.peerDependencies ?? {})) return undefined;
  if (test && wanted in (manifests[''].devDependencies ?? {})) return undefined;
  return `"${wanted}" is not a dependency of packages/${name}`;
}

export const title = 'import levels';

/** Findings over `{ path, text }` files, which include the package.json of each package. */
export function check(files) {
  const paths = new Set(files.map((file) => file.path));
  const manifests = { '': {} };
  for (const file of files) {
    const match = /^(?:packages\/([^/]+)\/)?package\.json$/.exec(file.path);
    if (match !== null) manifests[match[1] ?? ''] = JSON.parse(file.text);
  }
  const code = files.filter((file) => isCode(file.path) && /^packages\/[^/]+\/src\//.test(file.path));
  return code.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, line }) => {
      const problem = specifier.startsWith('.')
        ? relativeProblem(file, specifier, (path) => paths.has(path))
        : bareProblem(file, specifier, manifests);
      return problem === undefined ? [] : [{ path: file.path, line, message: problem }];
    }),
  );
}
