// Reads V8's CPU profiles (`--cpu-prof`).
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * The functions that used most time themselves, by process.
 * @returns {{ busySeconds: number, costs: { name: string, share: number }[] }[]} busiest process first, biggest cost first; shares of the time in
 * which the main thread was not idle
 */
export function biggestCosts(folder, count) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  return files.map((file) => costsOf(join(folder, file), count)).sort((a, b) => b.busySeconds - a.busySeconds);
}

function costsOf(path, count) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8'));
  const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const micros = new Map();
  let busy = 0;
  for (const [at, id] of samples.entries()) {
    const name = names.get(id);
    if (name === '(idle)') continue;
    busy += timeDeltas[at];
    micros.set(name, (micros.get(name) ?? 0) + timeDeltas[at]);
  }
  const sorted = [...micros].sort((a, b) => b[1] - a[1]).slice(0, count);
  return { busySeconds: busy / 1e6, costs: sorted.map(([name, used]) => ({ name, share: used / busy })) };
}

function nameOf({ functionName, url, lineNumber }) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} (${basename(url)}:${lineNumber + 1})`;
}
