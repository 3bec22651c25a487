/** Replaces a small file whole (N15): temporary file, sync, rename, sync of the directory. Afterwards the old or the new content is there, never a mix. */
import type { Disk } from './disk.js';
import type { Failpoints, ReplacedFile } from './failpoints.js';

export interface ReplaceFileDeps {
  readonly disk: Disk;
  readonly failpoints?: Failpoints | undefined;
}

/**
 * Resolves when the content is durable under its name. A crash may leave `path` + `.tmp`, which the next call for the path overwrites. Calls for the same
 * path must not overlap. Fails with a DiskError, and is then not to be tried again (R17).
 *
 * @param name what the file is called in the list of failpoints
 */
export async function replaceFile(
  { disk, failpoints }: ReplaceFileDeps,
  path: string,
  content: Uint8Array,
  name: ReplacedFile,
): Promise<void> {
  const temporary = `${path}.tmp`;
  failpoints?.hit(`${name}BeforeWrite`);
  const file = await disk.open(temporary, 'create');
  try {
    await file.truncate(0);
    await file.write(0, content);
    failpoints?.hit(`${name}BeforeSync`);
    await file.sync();
  } finally {
    await file.close();
  }
  failpoints?.hit(`${name}BeforeRename`);
  await disk.rename(temporary, path);
  failpoints?.hit(`${name}BeforeDirSync`);
  await disk.syncDir(directoryOf(path));
  failpoints?.hit(`${name}AfterDirSync`);
}

function directoryOf(path: string): string {
  const end = path.lastIndexOf('/');
  if (end < 0) return '.';
  return end === 0 ? '/' : path.slice(0, end);
}
