/**
 * Proposals: what enters the leader's log, and why something does not.
 */
import { EMPTY_BYTES } from '../base/bytes.js';
import { appendEntries, type EntryBody } from './append-entries.js';
import { confChangeProblem } from './conf-change-check.js';
import { decodeConfChange } from './confchange/codec.js';
import { describeId } from './format/ids.js';
import { describeConfChange, describeConfig } from './format/membership.js';
import { newMessage } from './message.js';
import type { RaftState } from './raft-state.js';
import { broadcastAppend } from './replication.js';
import type { LogIndex, Term } from './types.js';
import { NO_NODE } from './types.js';

/**
 * Why nothing was appended; all are definite. notLeader: another node leads, or this leader is no member any more. noLeader: nobody
 * is known to lead. leaderTransferring: leadership is being handed over. uncommittedLimit: too much is not yet applied.
 */
export type ProposalRefusal = 'notLeader' | 'noLeader' | 'leaderTransferring' | 'uncommittedLimit';

/** Where the first proposed entry is: it is committed once an entry with this term is applied at this index, and never if another is. */
export interface ProposalAccepted {
  readonly isAccepted: true;
  readonly index: LogIndex;
  readonly term: Term;
}

/** What became of a proposal on this node. */
export type ProposalResult = ProposalAccepted | { readonly isAccepted: false; readonly reason: ProposalRefusal };

/** Appends to this leader's log and sends it to the others. `bodies` must not be empty. Nothing is ever forwarded. */
export function proposeHere(state: RaftState, bodies: readonly EntryBody[]): ProposalResult {
  const reason = refusalOf(state);
  if (reason !== null) return { isAccepted: false, reason };
  const index = state.raftLog.lastIndex + 1;
  const { pendingConfIndex } = state;
  const checked = bodies.some((body) => body.type !== 'normal') ? checkConfChanges(state, bodies, index) : bodies;
  if (!appendEntries(state, checked)) {
    // Nothing is in the log, so no change is under way either.
    state.pendingConfIndex = pendingConfIndex;
    return { isAccepted: false, reason: 'uncommittedLimit' };
  }
  broadcastAppend(state);
  return { isAccepted: true, index, term: state.term };
}

/** Appends here or, on a follower that may, forwards to the leader without an answer. False when dropped. */
export function proposeAnywhere(state: RaftState, bodies: readonly EntryBody[]): boolean {
  if (state.role === 'leader') return proposeHere(state, bodies).isAccepted;
  const self = describeId(state.id);
  if (state.leaderId === NO_NODE) {
    state.log.info?.(`${self} no leader at term ${state.term}; dropping proposal`);
    return false;
  }
  if (state.config.disableProposalForwarding) {
    state.log.info?.(
      `${self} not forwarding to leader ${describeId(state.leaderId)} at term ${state.term}; dropping proposal`,
    );
    return false;
  }
  const message = newMessage('MsgProp', state.leaderId);
  message.entries = bodies.map(({ type, data }) => ({ term: 0, index: 0, type, data }));
  state.send(message);
  return true;
}

function refusalOf(state: RaftState): ProposalRefusal | null {
  if (state.role !== 'leader') return state.leaderId === NO_NODE ? 'noLeader' : 'notLeader';
  // A leader that was removed keeps leading until somebody else does, but takes nothing new.
  if (state.tracker.get(state.id) === undefined) return 'notLeader';
  if (state.leadTransferee === NO_NODE) return null;
  state.log.debug?.(
    `${describeId(state.id)} [term ${state.term}] transfer leadership to ${describeId(state.leadTransferee)} is in progress; dropping proposal`,
  );
  return 'leaderTransferring';
}

/** Replaces configuration changes that may not enter the log now by empty entries. */
function checkConfChanges(state: RaftState, bodies: readonly EntryBody[], firstIndex: LogIndex): readonly EntryBody[] {
  return bodies.map((body, at) => {
    if (body.type === 'normal') return body;
    const change = decodeConfChange(body.data);
    const problem = state.config.disableConfChangeValidation ? null : confChangeProblem(state, change);
    if (problem === null) {
      state.pendingConfIndex = firstIndex + at;
      return body;
    }
    state.log.info?.(
      `${describeId(state.id)} ignoring conf change ${describeConfChange(change)} at config ${describeConfig(state.tracker.config)}: ${problem.text}`,
    );
    return { type: 'normal', data: EMPTY_BYTES };
  });
}
