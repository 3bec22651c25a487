/**
 * Lets crash tests start a real node that is wrong on purpose, to show that they notice. The only place that reads `KVORUM_TEST_SWITCH`;
 * no flag, file or option of `startNode` can do the same.
 */
import type { startNode as startServerNode } from '@kvorum/server';
import { CommandError } from '../command-error.js';
import type { StartNode } from './node-face.js';

const variable = 'KVORUM_TEST_SWITCH';

const switches = new Map([
  ['ack-before-append', { ackBeforeAppend: true }],
  ['ack-before-sync', { ackBeforeSync: true }],
]);

/** `startNode` as it is, or, where the environment asks for it, with a switch set and a loud line in the log. */
export function withTestSwitch(
  startNode: typeof startServerNode,
  env: Readonly<Record<string, string | undefined>>,
): StartNode {
  const name = env[variable];
  if (name === undefined || name === '') return startNode;
  const testing = switches.get(name);
  if (testing === undefined) {
    const known = [...switches.keys()].join(', ');
    throw new CommandError('usage', `${variable} is "${name}"; allowed: ${known}`, { code: 'INVALID_USAGE' });
  }
  return (options) => {
    options.log?.error(`THIS NODE LOSES DATA ON PURPOSE: ${variable}=${name} is set. For crash tests only.`);
    return startNode(options, { testing });
  };
}
