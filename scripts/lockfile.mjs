// `npm run lockfile`: adds to package-lock.json what npm left out (see lib/lockfile.mjs). Run it after every `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completed } from './lib/lockfile.mjs';
import { root } from './lib/root.mjs';

const file = join(root, 'package-lock.json');
const before = readFileSync(file, 'utf8');
const { lock, added } = completed(JSON.parse(before));
const after = `${JSON.stringify(lock, null, 2)}\n`;
if (after !== before) writeFileSync(file, after);
for (const entry of added) console.log(`added ${entry}`);
console.log(
  after === before ? 'package-lock.json is complete' : `package-lock.json rewritten, ${added.length} entries added`,
);
