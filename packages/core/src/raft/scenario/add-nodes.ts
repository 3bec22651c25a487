/**
 * The command `add-nodes`: what its options mean.
 */
import { encodeUtf8 } from '../../base/utf8.js';
import type { ReadOnlyOption } from '../config.js';
import type { LogSink } from '../log-sink.js';
import { confStateOf, type Snapshot } from '../snapshot.js';
import { booleanOf, idsOf, integerOf, positionalInteger, ScenarioError, valueOf } from './arguments.js';
import type { Case } from './parser.js';
import type { NodeOptions } from './scenario-node.js';

export const ELECTION_TICKS = 3;
export const HEARTBEAT_TICKS = 1;
const INFLIGHT_MESSAGES_MAX = 2 ** 31 - 1;

/** One command adds at most so many nodes. */
const NODES_MAX = 100;

/** How many nodes to add. */
export function nodeCount(one: Case): number {
  const count = positionalInteger(one, 0);
  if (count >= 0 && count <= NODES_MAX) return count;
  throw new ScenarioError(`add-nodes takes 0 to ${NODES_MAX} nodes, not ${count}`);
}

/** The snapshot that new nodes start from. */
export function firstSnapshot(one: Case): Snapshot {
  const voters = idsOf(one, 'voters');
  const learners = idsOf(one, 'learners');
  const index = integerOf(one, 'index') ?? 0;
  const isEmpty = voters.length === 0 && learners.length === 0 && index === 0;
  if (!isEmpty && index <= 1) throw new ScenarioError('index must be specified as > 1 due to bootstrap');
  return {
    index,
    term: isEmpty ? 0 : 1,
    confState: confStateOf(voters, learners),
    data: encodeUtf8(valueOf(one, 'content') ?? ''),
  };
}

/** Options of new nodes. Sizes are unlimited unless given. */
export function nodeOptions(one: Case, log: LogSink): NodeOptions {
  const none = Number.POSITIVE_INFINITY;
  return {
    electionTicks: ELECTION_TICKS,
    heartbeatTicks: HEARTBEAT_TICKS,
    // Elections are started by command, so chance decides nothing.
    random: () => 0.5,
    log,
    asyncStorageWrites: booleanOf(one, 'async-storage-writes'),
    preVote: booleanOf(one, 'prevote'),
    checkQuorum: booleanOf(one, 'checkquorum'),
    readOnly: readOnlyOf(one),
    inflightMessagesMax: integerOf(one, 'inflight') ?? INFLIGHT_MESSAGES_MAX,
    inflightBytesMax: integerOf(one, 'inflight-bytes') ?? none,
    messageBytesMax: integerOf(one, 'message-bytes') ?? none,
    applyingBytesMax: integerOf(one, 'max-committed-size-per-ready') ?? none,
    uncommittedBytesMax: integerOf(one, 'uncommitted-bytes') ?? none,
    pendingReadsMax: integerOf(one, 'pending-reads') ?? INFLIGHT_MESSAGES_MAX,
    disableProposalForwarding: booleanOf(one, 'disable-proposal-forwarding'),
    disableConfChangeValidation: booleanOf(one, 'disable-conf-change-validation'),
    stepDownOnRemoval: booleanOf(one, 'step-down-on-removal'),
  };
}

function readOnlyOf(one: Case): ReadOnlyOption {
  const value = valueOf(one, 'read-only') ?? 'safe';
  if (value === 'safe') return 'safe';
  if (value === 'lease-based') return 'leaseBased';
  throw new ScenarioError(`invalid read-only option "${value}"`);
}
