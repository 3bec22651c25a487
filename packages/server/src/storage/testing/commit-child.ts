/** A process that commits into an LMDB store and says on standard output when each commit was called and had resolved. Arguments: directory, commits. */
import { writeSync } from 'node:fs';
import { openLmdbStore } from '../lmdb-revision-store.js';
import { metaOf, putOf } from './revision-store-suite.js';

const [path = '', commits = '1'] = process.argv.slice(2);
const store = await openLmdbStore(path);
for (let at = 1; at <= Number(commits); at += 1) {
  writeSync(1, `called ${at}\n`);
  await store.commit({ puts: [putOf(at), putOf(at, 1, 9_000)], deletes: [], meta: metaOf(at) });
  writeSync(1, `resolved ${at}\n`);
}
await store.close();
