// Runs the repository's own rules over the workspace and prints one line per finding: `path:line rule: message`. Exits 1 on any.
import { root } from '../lib/root.mjs';
import { listFiles, readFiles } from '../lib/source.mjs';
import * as bannedCalls from './banned-calls.mjs';
import * as barrels from './barrels.mjs';
import * as exactNumbers from './exact-numbers.mjs';
import * as fileSize from './file-size.mjs';
import * as importCycles from './import-cycles.mjs';
import * as importLevels from './import-levels.mjs';
import * as lockfile from './lockfile.mjs';
import * as neutralText from './neutral-text.mjs';

const RULES = [importLevels, importCycles, fileSize, bannedCalls, exactNumbers, barrels, neutralText, lockfile];

const files = readFiles(root, listFiles(root));
const findings = RULES.flatMap((rule) => rule.check(files).map((finding) => ({ ...finding, rule: rule.title })));
for (const { path, line, rule, message } of findings) console.log(`${path}:${line} ${rule}: ${message}`);
console.log(`${RULES.length} rules over ${files.length} files, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
