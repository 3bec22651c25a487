/** The command's process with a stand-in for the node, for tests of processes and signals. */
import { fileURLToPath } from 'node:url';
import { runProgram } from '../program.js';
import { processTerminal } from '../terminal.js';
import { fakeStartNode } from './fake-node.js';

const code = await runProgram(process.argv.slice(2), {
  terminal: processTerminal(),
  loadStartNode: () => Promise.resolve(fakeStartNode({ hangsOnClose: process.env['FAKE_HANGS'] === '1' })),
  nodeScript: fileURLToPath(import.meta.url),
});
process.exit(code);
