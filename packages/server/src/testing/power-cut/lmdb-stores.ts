/** LMDB stores of one machine in a power-cut test, in real files below a temporary directory. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../../env/disk.js';
import type { Random } from '../../env/env.js';
import type { RevisionStore } from '../../storage/revision-store.js';
import { PowerCutStores } from '../../storage/testing/power-cut-stores.js';
import type { CutStores } from './machine.js';

export class LmdbCutStores implements CutStores {
  readonly #root: string;
  readonly #stores: PowerCutStores;
  readonly #open: RevisionStore[] = [];

  /** @param root an existing real directory, whose owner removes it at the end */
  constructor(root: string, stores = new PowerCutStores(mkdtempSync(join(root, 'stores-')))) {
    this.#root = root;
    this.#stores = stores;
  }

  async open(path: string): Promise<RevisionStore> {
    const store = await this.#stores.open(path);
    this.#open.push(store);
    return store;
  }

  checkExisting(_disk: Disk, _path: string): Promise<void> {
    return this.#stores.checkExisting();
  }

  /** The process that used the stores is dead after a cut, but this one has to give their files back. */
  cut(random: Random): LmdbCutStores {
    const after = this.#stores.cut(mkdtempSync(join(this.#root, 'stores-')), random);
    for (const store of this.#open.splice(0)) void store.close().catch(() => undefined);
    return new LmdbCutStores(this.#root, after);
  }
}
