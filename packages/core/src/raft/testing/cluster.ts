/**
 * A whole group in one thread, driven by one seeded generator: messages are lost, repeated and reordered, disks are slow, nodes
 * crash and lose what they had not stored, links break. What must never happen is checked at every step.
 * Longer than 400 lines because a random event and the check of what it did belong together.
 */
import assert from 'node:assert/strict';
import { AssertionError } from '../../base/assert.js';
import { readU64, writeU64 } from '../../base/bytes.js';
import { confChangeOf } from '../confchange/codec.js';
import type { ConfChange, ConfChangeSingle } from '../confchange/conf-change.js';
import type { Entry } from '../entry.js';
import type { LogStorage } from '../log-storage.js';
import { MemoryLogStorage } from '../memory-log-storage.js';
import type { RaftConfig } from '../config.js';
import { isLocalDelivery, type Message } from '../message.js';
import { hardStateOf, RawNode } from '../raw-node.js';
import { type ConfState, confStateOf, type Snapshot } from '../snapshot.js';
import { APPEND_THREAD, APPLY_THREAD, type HardState, type LogIndex, type NodeId } from '../types.js';
import { Dice } from './dice.js';
import { Links } from './links.js';
import { AMBUSH_STEPS_MAX, chancesOf, USUAL_WEATHER, WAIT_STEPS_MAX, type Weather } from './weather.js';

export interface ClusterOptions {
  readonly seed: number;
  /** Ids 1 to `nodes`; the first `voters` of them vote at the start. */
  readonly nodes: number;
  readonly voters: number;
  /** Whether members come and go. */
  readonly changesMembership: boolean;
  /** What differs from {@link USUAL_WEATHER}. */
  readonly weather?: Partial<Weather>;
  /** What differs from the usual options of the cores. */
  readonly raft?: Partial<RaftConfig>;
  /** After an assertion of the core all replicas start again, to see whether the checks here say what is wrong too. */
  readonly goesOnAfterBugs?: boolean;
}

/** What a state machine holds: a chain over everything applied. It is on disk as soon as it is applied. */
interface Machine {
  applied: LogIndex;
  chain: number;
  confState: ConfState;
}

interface Replica {
  readonly id: NodeId;
  readonly storage: MemoryLogStorage;
  readonly machine: Machine;
  appendWork: Message[];
  applyWork: Message[];
  node: RawNode;
  /** From here on entries are "in memory"; asking for earlier ones has to wait for a fetch. */
  windowStart: LogIndex;
  isFetching: boolean;
  /** The step until which its disk stands still. */
  stalledUntil: number;
  crashesAfterStall: boolean;
}

export class Cluster {
  readonly replicas: Replica[] = [];
  readonly #options: ClusterOptions;
  readonly #weather: Weather;
  readonly #chances: number;
  readonly #dice: Dice;
  readonly #links: Links;
  #steps = 0;
  #ambush: { readonly victim: NodeId; readonly at: number } | undefined;
  isFaulty = true;
  /** Assertions of the core that were passed over. */
  bugs = 0;
  /** By index: what was applied there, first by anybody. */
  readonly #applied: { readonly term: number; readonly chain: number }[] = [];
  readonly #leaders = new Map<number, NodeId>();
  /** Open reads by context: what was applied anywhere when it was asked for. */
  readonly #reads = new Map<number, LogIndex>();
  #nextContext = 1;
  readonly counts = { applied: 0, reads: 0, crashes: 0, snapshots: 0, changes: 0, elections: 0, fetches: 0 };

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#weather = { ...USUAL_WEATHER, ...options.weather };
    this.#chances = chancesOf(this.#weather);
    this.#dice = new Dice(options.seed);
    this.#links = new Links(this.#dice, this.#weather);
    const confState = confStateOf(Array.from({ length: options.voters }, (_, at) => at + 1));
    for (let id = 1; id <= options.nodes; id += 1) {
      // Later members too: who replays the log from its first entry has to start from the same membership.
      const storage = new MemoryLogStorage(confState);
      const machine: Machine = { applied: 0, chain: 0, confState };
      const work = { appendWork: [], applyWork: [], windowStart: 0, isFetching: false };
      const node = this.#start(id, storage, machine, () => this.#replica(id));
      this.replicas.push({ id, storage, machine, ...work, node, stalledUntil: 0, crashesAfterStall: false });
    }
  }

  /** One random event. */
  step(): void {
    try {
      this.#stepOnce();
    } catch (error) {
      if (this.#options.goesOnAfterBugs !== true || !(error instanceof AssertionError)) throw error;
      this.bugs += 1;
      for (const replica of this.replicas) this.#crash(replica);
    }
  }

  #stepOnce(): void {
    this.#steps += 1;
    for (const message of this.#links.takeLate(this.#steps)) this.#arrive(message);
    this.#strike();
    const replica = this.#pick(this.replicas);
    const weather = this.#weather;
    let event = this.#below(this.#chances);
    const happens = (of1000: number): boolean => {
      event -= of1000;
      return event < 0;
    };
    if (happens(weather.tick)) replica.node.tick();
    else if (happens(weather.deliver)) this.#orHurry(replica, this.#deliverOne());
    else if (happens(weather.ready))
      this.#doFrom(
        replica,
        ({ node }) => node.hasReady,
        (one) => this.#takeReady(one),
      );
    else if (happens(weather.append))
      this.#doFrom(
        replica,
        (one) => one.appendWork.length > 0,
        (one) => this.#append(one),
      );
    else if (happens(weather.apply))
      this.#doFrom(
        replica,
        (one) => one.applyWork.length > 0,
        (one) => this.#apply(one),
      );
    else if (happens(weather.propose)) this.#propose(replica);
    else if (happens(weather.read)) this.#read(replica);
    else if (happens(weather.compact)) this.#compact(replica);
    else if (happens(weather.fetch)) this.#fetch(replica);
    else if (happens(weather.change)) this.#changeMembership(replica);
    else if (happens(weather.crash)) this.#crash(replica);
    else if (happens(weather.cut)) this.#links.breakOrMend(this.#options.nodes);
    else if (happens(weather.stall)) this.#stall(replica);
    this.#check(replica);
  }

  /** Ends all faults and lets everybody go on until the group has agreed; fails when it doesn't within `rounds`. */
  settle(rounds: number): void {
    this.isFaulty = false;
    this.#links.heal();
    for (let round = 0; round < rounds; round += 1) {
      for (const replica of this.replicas) {
        replica.node.tick();
        this.#drain();
      }
      if (round % 20 === 19) for (const replica of this.replicas) this.#propose(replica);
      if (round > 100 && this.#hasAgreed()) return;
    }
    assert.fail(`seed ${this.#options.seed}: no agreement after the faults ended: ${this.describe()}`);
  }

  describe(): string {
    return this.replicas
      .map(({ node, machine }) => JSON.stringify({ ...node.basicStatus(), machine, members: node.confState() }))
      .join('\n');
  }

  #start(id: NodeId, storage: MemoryLogStorage, machine: Machine, self: () => Replica): RawNode {
    storage.setConfState(machine.confState);
    // Only part of the log is in memory, as with a log on disk.
    const windowed: LogStorage = {
      initialState: () => storage.initialState(),
      firstIndex: () => storage.firstIndex(),
      lastIndex: () => storage.lastIndex(),
      term: (index) => storage.term(index),
      snapshot: () => {
        // A snapshot is taken when it is asked for, so that its members are the current ones.
        const { applied, chain, confState } = machine;
        if (applied <= storage.snapshot().index || applied > storage.lastIndex()) return storage.snapshot();
        return storage.createSnapshot(applied, confState, encodeChain(chain));
      },
      entries: (lo, hi, bytesMax) => {
        if (lo >= self().windowStart) return storage.entries(lo, hi, bytesMax);
        assert.ok(hi > lo);
        self().isFetching = true;
        return 'notYet';
      },
    };
    return new RawNode({
      id,
      electionTicks: 10,
      heartbeatTicks: 2,
      storage: windowed,
      random: () => this.#below(1 << 30) / (1 << 30),
      applied: machine.applied,
      asyncStorageWrites: true,
      inflightMessagesMax: 4,
      messageBytesMax: 120,
      applyingBytesMax: 200,
      disableProposalForwarding: true,
      commitByVote: true,
      ...this.#options.raft,
    });
  }

  #takeReady(replica: Replica): void {
    if (!replica.node.hasReady) return;
    const ready = replica.node.ready();
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) replica.appendWork.push(message);
      else if (message.to === APPLY_THREAD) replica.applyWork.push(message);
      else this.#links.send(message, this.#steps);
    }
    for (const { index, context } of ready.readStates) {
      const floor = this.#reads.get(context);
      if (floor === undefined) continue;
      assert.ok(index >= floor, `seed ${this.#options.seed}: a read at ${index} misses what was applied at ${floor}`);
      this.#reads.delete(context);
      this.counts.reads += 1;
    }
    this.#check(replica);
    if (ready.messages.length > 0 && this.#dice.hits(this.#weather.crashAfterSend)) this.#crash(replica);
  }

  /** One sync: it covers the oldest work or more of it. */
  #append(replica: Replica): void {
    if (this.isFaulty && replica.stalledUntil > this.#steps) return;
    if (replica.crashesAfterStall) this.#crash(replica);
    const { appendWork } = replica;
    if (appendWork.length === 0) return;
    for (const work of appendWork.splice(0, 1 + this.#below(appendWork.length))) {
      const hardState = hardStateOf(work);
      if (hardState !== null) this.#storeHardState(replica, hardState);
      if (work.snapshot !== null) this.#install(replica, work.snapshot);
      replica.storage.append(work.entries);
      this.#respond(replica, work);
    }
  }

  #storeHardState({ storage }: Replica, state: HardState): void {
    const { term, vote } = storage.initialState().hardState;
    assert.ok(state.term > term || (state.term === term && (vote === 0 || vote === state.vote)), 'a vote was changed');
    storage.setHardState(state);
  }

  #install(replica: Replica, snapshot: Snapshot): void {
    const { machine, storage } = replica;
    storage.applySnapshot(snapshot);
    replica.windowStart = 0;
    this.counts.snapshots += 1;
    if (snapshot.index <= machine.applied) return;
    machine.applied = snapshot.index;
    machine.chain = readU64(snapshot.data, 0);
    machine.confState = snapshot.confState;
    assert.equal(machine.chain, this.#applied[snapshot.index]?.chain, 'a snapshot holds another state');
  }

  #apply(replica: Replica): void {
    const work = replica.applyWork.shift();
    if (work === undefined) return;
    for (const entry of work.entries) this.#applyEntry(replica, entry);
    this.#respond(replica, work);
  }

  #applyEntry({ id, machine, node }: Replica, entry: Entry): void {
    const seed = this.#options.seed;
    assert.equal(entry.index, machine.applied + 1, `seed ${seed}: node ${id} applies out of order`);
    const change = confChangeOf(entry);
    if (change !== null) {
      machine.confState = node.applyConfChange(change);
      this.counts.changes += 1;
    }
    let chain = (machine.chain * 31 + entry.term * 7 + entry.index) % 2 ** 40;
    for (const byte of entry.data) chain = (chain * 131 + byte) % 2 ** 40;
    machine.applied = entry.index;
    machine.chain = chain;
    this.counts.applied += 1;
    const known = this.#applied[entry.index];
    if (known === undefined) this.#applied[entry.index] = { term: entry.term, chain };
    else
      assert.deepEqual({ term: entry.term, chain }, known, `seed ${seed}: node ${id} applies another ${entry.index}`);
  }

  /** Answers to oneself arrive at once and in order, those to others go through the network. */
  #respond(replica: Replica, work: Message): void {
    for (const response of work.responses) {
      if (isLocalDelivery(response)) replica.node.step(response);
      else this.#links.send(response, this.#steps);
    }
  }

  /** False when nothing is under way. */
  #deliverOne(): boolean {
    const { message, arrives } = this.#links.take() ?? {};
    if (message === undefined) return false;
    // A host reports how sending a snapshot went, as far as it can know.
    if (message.type === 'MsgSnap') this.#replica(message.from).node.reportSnapshot(message.to, this.#below(2) === 0);
    if (arrives === true) this.#arrive(message);
    return true;
  }

  #arrive(message: Message): void {
    const target = this.#replica(message.to);
    // A snapshot may bring a newer membership, so what was handed out for applying is applied before.
    if (message.type === 'MsgSnap') while (target.applyWork.length > 0) this.#apply(target);
    target.node.step(message);
  }

  #propose({ node }: Replica): void {
    const count = 1 + this.#below(3);
    const datas = Array.from({ length: count }, () => Uint8Array.of(this.#below(256), this.#below(256)));
    node.propose(datas);
    if (this.#below(40) === 0) node.transferLeader(1 + this.#below(this.#options.nodes));
  }

  #read({ node }: Replica): void {
    const context = this.#nextContext;
    this.#nextContext += 1;
    if (node.readIndex(context) === 'accepted') this.#reads.set(context, Math.max(0, this.#applied.length - 1));
  }

  #compact(replica: Replica): void {
    const { machine, storage } = replica;
    // Sometimes the tail falls out of memory, sometimes the front of the log is dropped.
    if (this.#below(2) === 0) {
      replica.windowStart = this.#below(storage.lastIndex() + 1);
      return;
    }
    if (machine.applied <= storage.firstIndex() + 2 || machine.applied > storage.lastIndex()) return;
    if (machine.applied > storage.snapshot().index) {
      storage.createSnapshot(machine.applied, machine.confState, encodeChain(machine.chain));
    }
    storage.compact(machine.applied - this.#below(2));
  }

  #fetch(replica: Replica): void {
    if (!replica.isFetching) return;
    replica.isFetching = false;
    replica.windowStart = 0;
    this.counts.fetches += 1;
    replica.node.storageReady();
  }

  #changeMembership({ node }: Replica): void {
    if (!node.isLeader || !this.#options.changesMembership) return;
    const { voters, votersOutgoing } = node.confState();
    const changes: ConfChangeSingle[] = [];
    if (votersOutgoing.length === 0) {
      for (let made = 1 + this.#below(this.#weather.changesMax); made > 0; made -= 1) {
        const nodeId = 1 + this.#below(this.#options.nodes);
        const type =
          voters.length > 2 && voters.includes(nodeId) ? (['remove', 'addLearner'] as const) : ['addVoter' as const];
        changes.push({ type: type[this.#below(type.length)] ?? 'addVoter', nodeId });
      }
    }
    const removed = changes.filter(({ type }) => type !== 'addVoter').length;
    if (removed >= voters.length) return;
    const transition =
      changes.length === 0 || this.#weather.changesMax === 1
        ? 'auto'
        : (['auto', 'implicit', 'explicit'] as const)[this.#below(3)];
    const change: ConfChange = { version: 2, transition: transition ?? 'auto', changes, context: new Uint8Array(0) };
    node.proposeConfChange(change);
  }

  /** What lies in wait for a new leader, when its time has come. */
  #strike(): void {
    if (this.#ambush === undefined || this.#ambush.at > this.#steps) return;
    const { victim } = this.#ambush;
    this.#ambush = undefined;
    this.#links.mend();
    if (this.#below(3) === 0) this.#crash(this.#replica(victim));
    else this.#links.cutOff(victim, this.#options.nodes);
  }

  /** The disk of a replica takes no work for a while. */
  #stall(replica: Replica): void {
    replica.stalledUntil = this.#steps + this.#below(WAIT_STEPS_MAX);
    replica.crashesAfterStall = this.#below(2) === 0;
  }

  #crash(replica: Replica): void {
    if (!this.isFaulty) return;
    const { id, storage, machine } = replica;
    replica.stalledUntil = 0;
    replica.crashesAfterStall = false;
    replica.appendWork = [];
    replica.applyWork = [];
    replica.isFetching = false;
    this.counts.crashes += 1;
    replica.node = this.#start(id, storage, machine, () => this.#replica(id));
  }

  /** Election safety (paper figure 3): at most one leader per term. */
  #check({ id, node }: Replica): void {
    if (!node.isLeader) return;
    const known = this.#leaders.get(node.term);
    if (known === undefined) {
      this.#leaders.set(node.term, id);
      this.counts.elections += 1;
      if (this.#dice.hits(10 * this.#weather.ambush)) {
        const within = 1 + this.#below(AMBUSH_STEPS_MAX);
        this.#ambush = { victim: id, at: this.#steps + this.#below(within) };
      }
    } else assert.equal(known, id, `seed ${this.#options.seed}: two leaders in term ${node.term}`);
  }

  #drain(): void {
    let isBusy = true;
    for (let rounds = 0; isBusy; rounds += 1) {
      assert.ok(rounds < 10_000, `seed ${this.#options.seed}: it never comes to rest: ${this.describe()}`);
      isBusy = false;
      for (const replica of this.replicas) {
        const hasWork = replica.appendWork.length + replica.applyWork.length > 0 || replica.isFetching;
        if (!replica.node.hasReady && !hasWork) continue;
        isBusy = true;
        this.#takeReady(replica);
        this.#append(replica);
        this.#apply(replica);
        this.#fetch(replica);
        this.#check(replica);
      }
      for (let waiting = this.#links.length; waiting > 0; waiting -= 1) {
        isBusy = true;
        this.#deliverOne();
      }
    }
  }

  /** Whether every member of the leader's configuration has applied the same, and logs match where they overlap. */
  #hasAgreed(): boolean {
    // One that was removed while it was cut off may take itself for a leader for good when it never checks its quorum.
    const leaders = this.replicas.filter(({ node }) => node.isLeader && node.basicStatus().hasCommittedInTerm);
    const [leader] = leaders.sort((a, b) => b.node.term - a.node.term);
    if (leader === undefined) return false;
    const { voters, votersOutgoing, learners } = leader.node.confState();
    const members = this.replicas.filter(({ id }) => [...voters, ...votersOutgoing, ...learners].includes(id));
    if (members.some(({ machine }) => machine.applied !== leader.machine.applied)) return false;
    for (const { storage, machine } of members) {
      assert.equal(machine.chain, leader.machine.chain);
      const first = Math.max(storage.firstIndex(), leader.storage.firstIndex());
      for (let index = first; index <= machine.applied; index += 1) {
        assert.equal(storage.term(index), leader.storage.term(index), `logs differ at ${index}`);
      }
    }
    return true;
  }

  #replica(id: NodeId): Replica {
    const replica = this.replicas[id - 1];
    assert.ok(replica !== undefined);
    return replica;
  }

  /** Work of this replica, or of the next one that has any. */
  #doFrom(replica: Replica, hasWork: (one: Replica) => boolean, work: (one: Replica) => void): void {
    const busy = hasWork(replica)
      ? replica
      : (this.replicas.slice(replica.id).find(hasWork) ?? this.replicas.find(hasWork));
    if (busy !== undefined) work(busy);
    this.#orHurry(replica, busy !== undefined);
  }

  #orHurry({ node }: Replica, hasDone: boolean): void {
    if (!hasDone && this.#dice.hits(this.#weather.hurry)) node.tick();
  }

  #pick<T>(list: readonly T[]): T {
    const one = list[this.#below(list.length)];
    assert.ok(one !== undefined);
    return one;
  }

  #below(bound: number): number {
    return this.#dice.below(bound);
  }
}

function encodeChain(chain: number): Uint8Array {
  const data = new Uint8Array(8);
  writeU64(data, 0, chain);
  return data;
}
