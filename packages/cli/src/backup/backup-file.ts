/**
 * Backup files. A new one is written beside its place and takes it only when every byte is there, verified and synced; so a file of the
 * name asked for is always a whole backup.
 */
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BackupContent } from '@kvorum/server';
import { CommandError } from '../command-error.js';
import type { Progress } from '../progress.js';

/** Reads that one chunk of a backup file takes. */
const readBytes = 256 * 1024;

/** The file's size; fails with a usage error when it can't be read. */
export async function backupBytes(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw unreadable(file, error);
  }
  throw unreadable(file, new Error('it is not a file'));
}

/** The file's bytes from the beginning. */
export async function* readBackupFile(file: string, progress: Progress): AsyncGenerator<Uint8Array> {
  let done = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: readBytes })) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      done += bytes.length;
      progress.update(done);
      yield bytes;
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  progress.finish();
}

/** What becomes of a stream on its way to a file. */
export interface WriteBackup {
  readonly file: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Reads all chunks and rejects when the backup is not whole. */
  readonly verify: (chunks: AsyncIterable<Uint8Array>) => Promise<BackupContent>;
  readonly progress: Progress;
}

/** Writes and verifies a backup; nothing of it stays when it fails. */
export async function writeBackupFile(write: WriteBackup): Promise<BackupContent & { readonly bytes: number }> {
  const { file, chunks, verify, progress } = write;
  const part = `${file}.part`;
  const handle = await open(part, 'w', 0o600).catch((error: unknown) => {
    throw unwritable(part, error);
  });
  let bytes = 0;
  const written = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      await handle.writeFile(chunk).catch((error: unknown) => {
        throw unwritable(part, error);
      });
      bytes += chunk.length;
      progress.update(bytes);
      yield chunk;
    }
  };
  try {
    const content = await verify(written());
    await handle.sync();
    await handle.close();
    await rename(part, file);
    await syncFolder(dirname(file));
    progress.finish();
    return { ...content, bytes };
  } catch (error) {
    progress.stop();
    await handle.close().catch(() => undefined);
    await rm(part, { force: true });
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unreadable(file: string, cause: unknown): unknown {
  if (cause instanceof CommandError) return cause;
  return new CommandError('usage', `${file} cannot be read: ${wordsOf(cause)}`, { code: 'FILE_UNREADABLE', cause });
}

function unwritable(file: string, cause: unknown): CommandError {
  return new CommandError('failed', `${file} cannot be written: ${wordsOf(cause)}`, { code: 'FILE_UNWRITABLE', cause });
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
