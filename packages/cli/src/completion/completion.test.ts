/** The scripts are run by the shells themselves where they are here. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { run } from '../testing/run.js';
import { temporaryDirectory } from '../testing/temporary.js';

function skipWithout(shell: string): false | string {
  return spawnSync(shell, ['-c', 'true']).status === 0 ? false : `${shell} is not here (Debian: ${shell})`;
}

/** The script in a directory of its own. */
async function scriptFile(context: TestContext, shell: string): Promise<{ directory: string; file: string }> {
  const { code, out } = await run(['completion', shell]);
  assert.equal(code, 0);
  const directory = await temporaryDirectory(context);
  const file = join(directory, `kvorum.${shell}`);
  await writeFile(file, out);
  return { directory, file };
}

/** What is offered where a line ends; its words are as bash cuts them. */
const lines: readonly { readonly words: readonly string[]; readonly offered: readonly string[] }[] = [
  { words: ['kvorum', 'ba'], offered: ['backup'] },
  { words: ['kvorum', 'demo', 'k'], offered: ['kill'] },
  { words: ['kvorum', 'demo', '--dir', 'kill', 'st'], offered: ['start', 'stop'] },
  { words: ['kvorum', 'completion', ''], offered: ['bash', 'fish', 'zsh'] },
  { words: ['kvorum', 'get', '--rev'], offered: ['--revision'] },
  { words: ['kvorum', 'get', '-e', 'get', '--rev'], offered: ['--revision'] },
  { words: ['kvorum', 'get', '--revision', ''], offered: [] },
  { words: ['kvorum', 'serve', '--storage', ''], offered: ['disk', 'memory'] },
  { words: ['kvorum', 'serve', '--config', 'a-f'], offered: ['a-file', 'a-folder'] },
  { words: ['kvorum', 'backup', 'v'], offered: ['verify'] },
  { words: ['kvorum', 'backup', 'a-'], offered: ['a-file', 'a-folder'] },
  { words: ['kvorum', 'backup', 'verify', 'a-fi'], offered: ['a-file'] },
  { words: ['kvorum', 'help', 'sta'], offered: ['status'] },
];
const bashLines = [
  { words: ['kvorum', 'serve', '--storage', '=', 'm'], offered: ['memory'] },
  { words: ['kvorum', 'serve', '--storage', '='], offered: ['disk', 'memory'] },
  { words: ['kvorum', 'serve', '--demo-routes', 'f'], offered: ['false'] },
  { words: ['kvorum', 'backup', '-e', '127.0.0.1', ':', '2379', 'a-fi'], offered: ['a-file'] },
];

async function addFiles(directory: string): Promise<void> {
  await writeFile(join(directory, 'a-file'), '');
  await mkdir(join(directory, 'a-folder'));
}

test("bash completes by the script's function", { skip: skipWithout('bash') }, async (context) => {
  const { directory, file } = await scriptFile(context, 'bash');
  await addFiles(directory);
  const ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kvorum; printf "%s\\n" "${COMPREPLY[@]}"';
  for (const { words, offered } of [...lines, ...bashLines]) {
    const args = ['--norc', '-c', `set -u; ${ask}`, file, ...words];
    const out = execFileSync('bash', args, { encoding: 'utf8', cwd: directory });
    assert.deepEqual(out.split('\n').filter(Boolean).sort(), offered, words.join(' '));
  }
});

test('fish completes by the script', { skip: skipWithout('fish') }, async (context) => {
  const { directory, file } = await scriptFile(context, 'fish');
  await addFiles(directory);
  for (const { words, offered } of lines) {
    const args = ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file, words.join(' ')];
    const out = execFileSync('fish', args, { encoding: 'utf8', cwd: directory });
    const names = out.split('\n').map((line) => line.replace(/\t.*/, '').replace(/\/$/, ''));
    assert.deepEqual(names.filter(Boolean).sort(), offered, words.join(' '));
  }
});

test('zsh reads the script', { skip: skipWithout('zsh') }, async (context) => {
  const { file } = await scriptFile(context, 'zsh');
  execFileSync('zsh', ['-f', '-n', file]);
  execFileSync('zsh', ['-f', '-c', 'compdef() { [[ $1 == _kvorum && $2 == kvorum ]] }; source $0', file]);
});

test('the scripts name every command and option that help shows, and nothing that it hides', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out } = await run(['completion', shell]);
    for (const word of ['restore', 'cluster-name', 'if-absent', 'keys-only']) assert.ok(out.includes(word), word);
    assert.ok(!out.includes('supervised'));
  }
  assert.match((await run(['completion', 'tcsh'])).err, /Allowed choices are bash, zsh, fish/);
});
