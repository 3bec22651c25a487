// No import cycles between files. Counts what exists at run time; an `import type` statement vanishes and can't deadlock a module,
// and between folders the import levels forbid it anyway.
import { importsOf, isCode, sourceOf } from '../lib/source.mjs';

export const title = 'import cycles';

/** Findings over `{ path, text }` files: one per cycle, reported at the file where the search met it first. */
export function check(files) {
  const paths = new Set(files.map((file) => file.path));
  const graph = new Map();
  for (const file of files.filter((each) => isCode(each.path))) {
    const targets = importsOf(file)
      .filter(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith('.'))
      .map(({ specifier, line }) => ({ line, target: sourceOf(file.path, specifier, (path) => paths.has(path)) }));
    graph.set(file.path, targets);
  }
  const findings = [];
  const done = new Set();
  const trail = [];
  const follow = (path) => {
    if (done.has(path)) return;
    trail.push(path);
    for (const { target, line } of graph.get(path) ?? []) {
      const from = trail.indexOf(target);
      if (from === -1) follow(target);
      else findings.push({ path, line, message: `cycle: ${[...trail.slice(from), target].join(' → ')}` });
    }
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) follow(path);
  return findings;
}
