// Three replicas in one thread: core, log in memory, and a network that loses nothing. Driven as a server does it: storage threads, messages routed as
// they come out of a Ready.
import { MemoryLogStorage } from '../../packages/core/dist/raft/memory-log-storage.js';
import { hardStateOf, RawNode } from '../../packages/core/dist/raft/raw-node.js';
import { confStateOf } from '../../packages/core/dist/raft/snapshot.js';
import { APPEND_THREAD, APPLY_THREAD } from '../../packages/core/dist/raft/types.js';

const VOTERS = [1, 2, 3];
/** Entries that a log keeps behind what is applied, and how many more pile up before it is cut. */
const KEPT = 1_000;
const PILE = 20_000;

class Member {
  applied = 0;

  constructor(id) {
    this.storage = new MemoryLogStorage(confStateOf(VOTERS));
    this.node = new RawNode({
      id,
      electionTicks: 10,
      heartbeatTicks: 1,
      storage: this.storage,
      random: () => id / 10,
      asyncStorageWrites: true,
    });
  }
}

export class RaftGroup {
  #members = VOTERS.map((id) => new Member(id));

  /** Elects the first node. */
  constructor() {
    this.leader.campaign();
    this.settle();
    if (!this.leader.isLeader) throw new Error('no leader');
  }

  get leader() {
    return this.#members[0].node;
  }

  /** Entries that the leader has applied. */
  get applied() {
    return this.#members[0].applied;
  }

  /** One Ready of each node that has one. False when none has. */
  cycle() {
    let isBusy = false;
    for (const member of this.#members) {
      if (!member.node.hasReady) continue;
      isBusy = true;
      for (const message of member.node.ready().messages) this.#route(member, message);
    }
    return isBusy;
  }

  settle() {
    while (this.cycle());
  }

  #route(member, message) {
    if (message.to === APPEND_THREAD) this.#store(member, message);
    else if (message.to === APPLY_THREAD) this.#apply(member, message);
    else this.#members[message.to - 1].node.step(message);
  }

  #store(member, work) {
    const hardState = hardStateOf(work);
    if (hardState !== null) member.storage.setHardState(hardState);
    member.storage.append(work.entries);
    for (const response of work.responses) this.#route(member, response);
  }

  #apply(member, work) {
    for (const response of work.responses) member.node.step(response);
    member.applied = work.entries.at(-1).index;
    if (member.applied - member.storage.firstIndex() > KEPT + PILE) member.storage.compact(member.applied - KEPT);
  }
}
