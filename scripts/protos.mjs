// `npm run protos`: writes the codecs in TypeScript and the descriptors of packages/protocol from its .proto files. What it writes is
// committed; protos.test.mjs fails when that is not what the .proto files say. `--check` writes nothing and tells which files differ.
import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { generated } from './lib/protos/generate.mjs';
import { root } from './lib/root.mjs';

const isCheck = process.argv.includes('--check');
const folder = join(root, 'packages', 'protocol');
let differing = 0;

for (const [path, text] of generated(folder)) {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (before === text) continue;
  differing += 1;
  console.log(`${isCheck ? 'differs' : 'written'} ${relative(root, path)}`);
  if (isCheck) continue;
  rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if (differing === 0) console.log('all generated files are current');
process.exitCode = isCheck && differing > 0 ? 1 : 0;
