/**
 * The commands `simple`, `enter-joint` and `leave-joint`: membership changes without a Raft group around them.
 */
import { type ChangeResult, enterJoint, leaveJoint, simpleChange } from '../confchange/changer.js';
import { describeConfig, describeProgressMap } from '../format/membership.js';
import { Tracker } from '../tracker/tracker.js';
import { booleanOf, ScenarioError } from './arguments.js';
import { parseChanges } from './change-tokens.js';
import type { Case } from './parser.js';

const INFLIGHT_MESSAGES_MAX = 10;

/** One membership through the cases of a file. */
export class MembershipCommands {
  readonly #tracker = new Tracker(INFLIGHT_MESSAGES_MAX, Number.POSITIVE_INFINITY);
  #lastIndex = 0;

  /** Carries out one command. The log grows by an entry with each, as it does where changes are entries. */
  run(one: Case): string {
    const result = this.#change(one);
    this.#lastIndex += 1;
    if (result.error !== null) return `${result.error}\n`;
    this.#tracker.replace(result.config, result.progress);
    return `${describeConfig(result.config)}\n${describeProgressMap(result.progress)}`;
  }

  #change(one: Case): ChangeResult {
    const changes = parseChanges(one.input);
    switch (one.command) {
      case 'simple':
        return simpleChange(this.#tracker, this.#lastIndex, changes);
      case 'enter-joint':
        return enterJoint(this.#tracker, this.#lastIndex, booleanOf(one, 'autoleave'), changes);
      case 'leave-joint':
        if (changes.length > 0) return { error: 'this command takes no input' };
        return leaveJoint(this.#tracker, this.#lastIndex);
      default:
        throw new ScenarioError(`unknown command ${one.command}`);
    }
  }
}
