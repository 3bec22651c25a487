/** One open file over `node:fs`. */
import { DiskError, type DiskFile } from './disk.js';
import { asDiskCall } from './disk-failure.js';

/** What is asked of a file handle of Node; its reads and writes may do a part only. */
export interface FileCalls {
  stat(): Promise<{ readonly size: number }>;
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  truncate(size: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** Calls map to single system calls; only short reads and writes are continued. */
export class RealDiskFile implements DiskFile {
  readonly path: string;
  readonly #handle: FileCalls;

  constructor(path: string, handle: FileCalls) {
    this.path = path;
    this.#handle = handle;
  }

  size(): Promise<number> {
    return asDiskCall('stat', this.path, async () => (await this.#handle.stat()).size);
  }

  read(position: number, into: Uint8Array): Promise<number> {
    return asDiskCall('read', this.path, async () => {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await this.#handle.read(into, filled, into.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    });
  }

  write(position: number, bytes: Uint8Array): Promise<void> {
    return asDiskCall('write', this.path, async () => {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, position + written);
        if (bytesWritten === 0) throw new DiskError('write', this.path, 'EIO');
        written += bytesWritten;
      }
    });
  }

  truncate(size: number): Promise<void> {
    return asDiskCall('truncate', this.path, () => this.#handle.truncate(size));
  }

  sync(): Promise<void> {
    return asDiskCall('sync', this.path, () => this.#handle.datasync());
  }

  close(): Promise<void> {
    return asDiskCall('close', this.path, () => this.#handle.close());
  }
}
