/** The process of the `kvorum` command: arguments in, exit code out. */
import { fileURLToPath } from 'node:url';
import { withTestSwitch } from './node/test-switch.js';
import { runProgram } from './program.js';
import { processTerminal } from './terminal.js';

// A reader that closes early (`kvorum ls | head`) ends the command without noise.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const code = await runProgram(process.argv.slice(2), {
  terminal: processTerminal(),
  loadStartNode: async () => {
    const { dedicateHeap, startNode } = await import('@kvorum/server');
    dedicateHeap();
    return withTestSwitch(startNode, process.env);
  },
  nodeScript: fileURLToPath(import.meta.url),
});
// What is printed must be out before the process ends; a handle that somebody left open must not keep it alive.
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
process.exit(code);
