/** The demo's directory: what is kept between two runs, and what `--fresh` removes. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../command-error.js';

const saved = z.object({ format: z.literal(1), nodes: z.number().int(), peerPort: z.number().int() });
export type SavedDemo = z.infer<typeof saved>;

/** Makes the directory; only this user may look into it. */
export async function createDemoDirectory(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
}

/** What the last run noted, or undefined when there was none. */
export async function readSavedDemo(dir: string): Promise<SavedDemo | undefined> {
  let text: string;
  try {
    text = await readFile(join(dir, 'demo.json'), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = saved.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CommandError('cannotStart', `${join(dir, 'demo.json')} cannot be read`, {
    code: 'DEMO_DIR_UNKNOWN',
    hint: 'Begin anew with --fresh, which removes the data of the demo, or choose another --dir.',
  });
}

/** Notes what the data belongs to. */
export async function saveDemo(dir: string, demo: SavedDemo): Promise<void> {
  await writeFile(join(dir, 'demo.json'), `${JSON.stringify(demo)}\n`);
}

/** Removes the nodes' data and logs, and nothing else. */
export async function removeDemoData(dir: string): Promise<void> {
  const names = await readdir(dir);
  const ours = names.filter((name) => /^node-\d+(\.log)?$/.test(name) || name === 'demo.json');
  for (const name of ours) await rm(join(dir, name), { recursive: true, force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
