/**
 * Runs a scenario file: text in, what each case printed and should have printed out.
 */
import { InteractionCommands } from './interaction-commands.js';
import { MembershipCommands } from './membership-commands.js';
import { type Case, parseScenario } from './parser.js';
import { runQuorumCommand } from './quorum-commands.js';

export interface CaseResult {
  readonly line: number;
  readonly directive: string;
  readonly expectedLine: number;
  readonly expected: string;
  /** Ends with a line feed. */
  readonly actual: string;
  readonly isExact: boolean;
}

/** Runs every case in order; the state of one file is its own. Throws `ScenarioSyntaxError` for a text that isn't a scenario. */
export function runScenario(text: string): readonly CaseResult[] {
  const memberships = new MembershipCommands();
  const interactions = new InteractionCommands();
  return parseScenario(text).map((one) => {
    const printed = runCase(one, memberships, interactions);
    const actual = printed.endsWith('\n') ? printed : `${printed}\n`;
    const { line, directive, expectedLine, expected } = one;
    return { line, directive, expectedLine, expected, actual, isExact: actual === expected };
  });
}

function runCase(one: Case, memberships: MembershipCommands, interactions: InteractionCommands): string {
  try {
    switch (one.command) {
      case 'committed':
      case 'vote':
        return runQuorumCommand(one);
      case 'simple':
      case 'enter-joint':
      case 'leave-joint':
        return memberships.run(one);
      default:
        return interactions.run(one);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
