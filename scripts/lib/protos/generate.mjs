// Which files are generated, and what is in them.
import { join } from 'node:path';
import { codecText } from './codecs.mjs';
import { descriptorText } from './descriptors.mjs';
import { parseAll } from './schema.mjs';

/** `[path, text]` of every generated file of the package in `folder`. */
export function generated(folder) {
  const { files } = parseAll(join(folder, 'proto'));
  const tests = parseAll(join(folder, 'testdata', 'proto')).files;
  return [
    ...files.map((file) => [join(folder, 'src', file.name.replace('.proto', '.ts')), codecText(file, '')]),
    ...tests.map((file) => [
      join(folder, 'src', 'testing', file.name.replace('.proto', '.ts')),
      codecText(file, '../'),
    ]),
    [join(folder, 'src', 'file-descriptors.ts'), descriptorText(files)],
  ];
}
