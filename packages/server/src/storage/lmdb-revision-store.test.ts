import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStore } from './lmdb-revision-store.js';
import { testRevisionStore } from './testing/revision-store-suite.js';

testRevisionStore('LMDB', async () => {
  const path = await mkdtemp(join(tmpdir(), 'kvorum-store-'));
  return { open: () => openLmdbStore(path), dispose: () => rm(path, { recursive: true }) };
});
