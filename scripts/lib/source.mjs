// The workspace's files as the repository rules see them: every tracked or new file, and for code its syntax tree.
// Parses with oxc-parser, whose tree is ESTree with TypeScript nodes; nothing here knows a rule.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

const IGNORED = new Set(['node_modules', 'dist', '.git', '.kvorum', 'coverage']);

/** Paths (with forward slashes) of all files that are or could be committed. */
export function listFiles(root) {
  try {
    const out = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 << 20,
    });
    return [...new Set(out.toString('utf8').split('\0').filter(Boolean))]
      .filter((path) => isFile(join(root, path)))
      .sort();
  } catch {
    return walkFolder(root, root).sort();
  }
}

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function walkFolder(root, folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : walkFolder(root, path);
    return entry.isFile() ? [relative(root, path).split(sep).join('/')] : [];
  });
}

/** Reads files as `{ path, text }`. */
export function readFiles(root, paths) {
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Whether a file is code that the rules look at. */
export function isCode(path) {
  return /\.(ts|mts|mjs|js)$/.test(path) && !path.endsWith('.d.ts');
}

/** Whether a file is only there for tests. */
export function isTest(path) {
  return /\.test\.(ts|mjs)$/.test(path) || path.split('/').includes('testing');
}

const parsed = new WeakMap();

/** The syntax tree and comments of a file, `{ program, comments }`; parsed once per file object. */
export function parse(file) {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const result = parseSync(file.path, file.text);
  const tree = { program: result.program, comments: result.comments };
  parsed.set(file, tree);
  return tree;
}

/** Visits every node with its parent. */
export function visit(node, see, parent) {
  see(node, parent);
  for (const key of Object.keys(node)) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item?.type === 'string') visit(item, see, node);
    } else if (typeof value?.type === 'string') visit(value, see, node);
  }
}

/** 1-based line of a character offset. */
export function lineOf(text, offset) {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/**
 * What a file imports or re-exports: `{ specifier, line, typeOnly, reexport }`.
 * `typeOnly` is true where the whole statement vanishes from the output.
 */
export function importsOf(file) {
  const found = [];
  visit(parse(file).program, (node) => {
    const isStatement = /^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type);
    if (!isStatement && node.type !== 'ImportExpression' && node.type !== 'TSImportType') return;
    const source = node.type === 'TSImportType' ? (node.source ?? node.argument) : node.source;
    const literal = source?.type === 'TSLiteralType' ? source.literal : source;
    if (typeof literal?.value !== 'string') return;
    found.push({
      specifier: literal.value,
      line: lineOf(file.text, node.start),
      typeOnly: node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type',
      reexport: node.type.startsWith('Export'),
    });
  });
  return found;
}

/** Path of the source file that a relative import names (`./x.js` → `./x.ts` beside the importer). */
export function sourceOf(importer, specifier, has) {
  const parts = importer.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  const path = parts.join('/');
  const typed = path.replace(/\.js$/, '.ts');
  return has(typed) ? typed : path;
}
