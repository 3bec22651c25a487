import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completed, missingEntries, platformOf } from './lockfile.mjs';

test('a package name tells its platform', () => {
  assert.deepEqual(platformOf('@oxlint/binding-linux-arm-musleabihf'), { cpu: ['arm'], libc: ['musl'], os: ['linux'] });
  assert.deepEqual(platformOf('@oxlint/binding-win32-x64-msvc'), { cpu: ['x64'], os: ['win32'] });
  assert.deepEqual(platformOf('@biomejs/cli-darwin-arm64'), { cpu: ['arm64'], os: ['darwin'] });
  assert.deepEqual(platformOf('left-pad'), {});
});

test('S16: missing optional entries are added, web addresses removed, order kept', () => {
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { z: '1' } },
      'node_modules/z': {
        version: '1.0.0',
        dev: true,
        resolved: 'https://example.org/z.tgz',
        optionalDependencies: { '@z/linux-x64': '1.0.0' },
      },
    },
  };
  const { lock: after, added } = completed(lock);
  assert.deepEqual(added, ['@z/linux-x64@1.0.0']);
  assert.deepEqual(Object.keys(after.packages), ['', 'node_modules/@z/linux-x64', 'node_modules/z']);
  assert.deepEqual(after.packages['node_modules/@z/linux-x64'], {
    version: '1.0.0',
    cpu: ['x64'],
    dev: true,
    optional: true,
    os: ['linux'],
  });
  assert.equal('resolved' in after.packages['node_modules/z'], false);
  assert.deepEqual(missingEntries(after), []);
});

test('what can not be derived is refused', () => {
  const lock = (entry) => ({ packages: { '': entry } });
  assert.throws(
    () => completed(lock({ dependencies: { a: '1.0.0' } })),
    /a \(required by the workspace\) is not locked/,
  );
  assert.throws(() => completed(lock({ optionalDependencies: { a: '^1.0.0' } })), /no exact version/);
});

test('an entry is found where Node would find it', () => {
  const packages = {
    '': {},
    'node_modules/a': { version: '1.0.0', dependencies: { b: '1' } },
    'node_modules/a/node_modules/b': { version: '1.0.0', dependencies: { c: '1' } },
    'node_modules/c': { version: '1.0.0', dependencies: { b: '1' } },
  };
  assert.deepEqual(
    missingEntries({ packages }).map(({ from, name }) => `${from}: ${name}`),
    ['node_modules/c: b'],
  );
});
