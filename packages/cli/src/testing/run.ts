/** Runs the command inside a test. */
import { runProgram } from '../program.js';
import { fakeStartNode, type FakeFaults } from './fake-node.js';
import { createTestTerminal, type TestTerminal, type TestTerminalOptions } from './test-terminal.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command that ends by itself. */
export async function run(
  args: readonly string[],
  options: TestTerminalOptions & { faults?: FakeFaults } = {},
): Promise<Ran> {
  const test = createTestTerminal(options);
  const code = await start(args, test, options.faults);
  // What was written last reaches the test's buffers in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  return { code, out: test.out(), err: test.err() };
}

/** Starts a command that goes on until the test signals it. */
export function start(args: readonly string[], test: TestTerminal, faults: FakeFaults = {}): Promise<number> {
  return runProgram(args, {
    terminal: test.terminal,
    loadStartNode: () => Promise.resolve(fakeStartNode(faults)),
    nodeScript: 'unused',
  });
}
