// Reads V8's CPU profiles (`--cpu-prof`).
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * The functions that used most time themselves, over all profiles of a folder.
 * @returns {{ name: string, share: number }[]} biggest first; shares of the time in which the main threads were not idle
 */
export function biggestCosts(folder, count) {
  const micros = new Map();
  let busy = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame)]));
    for (const [at, id] of samples.entries()) {
      const name = names.get(id);
      if (name === '(idle)') continue;
      busy += timeDeltas[at];
      micros.set(name, (micros.get(name) ?? 0) + timeDeltas[at]);
    }
  }
  const sorted = [...micros].sort((a, b) => b[1] - a[1]).slice(0, count);
  return sorted.map(([name, used]) => ({ name, share: used / busy }));
}

function nameOf({ functionName, url, lineNumber }) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} (${basename(url)}:${lineNumber + 1})`;
}
