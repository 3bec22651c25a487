/** The documents say what the code says. `UPDATE_DOCS=1` writes the tables anew instead of comparing them. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { allCommands, readCommandTree } from './completion/command-tree.js';
import { settingRows } from './config/setting-rows.js';
import { exitCodes } from './exit-codes.js';
import { createProgram } from './program.js';
import { createTestTerminal } from './testing/test-terminal.js';

const docs = new URL('../../../docs/', import.meta.url);

function optionTables(): string {
  const groups = [...new Set(settingRows.map(({ group }) => group))];
  const tables = groups.map((group) => {
    const rows = settingRows.filter((row) => row.group === group);
    const lines = rows.map(({ name, flag, variable, defaultWords, allowed, description }) => {
      const cells = [`\`${name}\``, `\`${flag}\``, `\`${variable}\``, defaultWords, allowed, description];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
    const header = ['| YAML key | flag | variable | default | allowed | meaning |', '|---|---|---|---|---|---|'];
    return [`### ${group}`, '', ...header, ...lines].join('\n');
  });
  return tables.join('\n\n');
}

function exitTable(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}

for (const [file, name, table] of [
  ['configuration.md', 'options', optionTables()],
  ['cli.md', 'exit-codes', exitTable()],
] as const) {
  test(`docs/${file} has the table of ${name} as the code has it`, async () => {
    const url = new URL(file, docs);
    const text = await readFile(url, 'utf8');
    const [begin, end] = [
      `<!-- ${name}: written by UPDATE_DOCS=1 npm test -- cli/src/docs -->\n`,
      `\n<!-- end of ${name} -->`,
    ];
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end);
    assert.ok(from >= begin.length && to >= from, 'the marks of the table');
    const wanted = `\n${table}\n`;
    if (process.env['UPDATE_DOCS'] === '1') await writeFile(url, text.slice(0, from) + wanted + text.slice(to));
    else assert.equal(text.slice(from, to), wanted);
  });
}

test('docs/cli.md speaks of every command and, with docs/configuration.md, of every option', async () => {
  const text = await readFile(new URL('cli.md', docs), 'utf8');
  const both = text + (await readFile(new URL('configuration.md', docs), 'utf8'));
  const deps = { terminal: createTestTerminal().terminal, loadStartNode: () => assert.fail(), nodeScript: '' };
  const root = readCommandTree(createProgram(deps, () => undefined, false));
  for (const { path, options } of allCommands(root)) {
    assert.ok(text.includes(path) || path.endsWith(' help'), path);
    for (const name of options.flatMap(({ names }) => names.slice(-1))) {
      assert.ok(both.includes(`${name}`) || name === '--version', `${path} ${name}`);
    }
  }
});
