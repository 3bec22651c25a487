/**
 * The replicas of a scenario, the network between them and what they do when told to go on.
 */
import { describeEntries, describeMessage } from '../format/message.js';
import { describeReady } from '../format/ready.js';
import { isLocalDelivery, type Message, type MessageType } from '../message.js';
import { hardStateOf, type StepResult } from '../raw-node.js';
import type { Snapshot } from '../snapshot.js';
import { isStorageThread, type NodeId } from '../types.js';
import { ScenarioError } from './arguments.js';
import type { Output } from './output.js';
import { type NodeOptions, ScenarioNode } from './scenario-node.js';

const STEP_ERRORS: Readonly<Record<Exclude<StepResult, 'ok'>, string>> = {
  proposalDropped: 'raft proposal dropped',
  storageMessage: 'raft: cannot step raft local message',
  unknownPeer: 'raft: cannot step as peer not found',
  noTerm: 'raft: cannot step a message without a term',
};

/** The error's text, undefined for success. */
export function describeStepResult(result: StepResult): string | undefined {
  return result === 'ok' ? undefined : STEP_ERRORS[result];
}

/** Who gets messages, and whether they are lost instead. */
export interface Recipient {
  readonly id: NodeId;
  readonly isDropped: boolean;
}

export class Environment {
  readonly nodes: ScenarioNode[] = [];
  readonly output: Output;
  #inFlight: Message[] = [];

  constructor(output: Output) {
    this.output = output;
  }

  node(id: NodeId): ScenarioNode {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new ScenarioError(`there is no node ${id}`);
    return node;
  }

  addNodes(count: number, first: Snapshot, options: NodeOptions): void {
    for (let added = 0; added < count; added += 1) {
      this.nodes.push(new ScenarioNode(this.nodes.length + 1, first, options));
    }
  }

  send(message: Message): void {
    this.#inFlight.push(message);
  }

  /** Takes and prints a Ready and does what it asks for; with storage threads, queues their work. */
  processReady(node: ScenarioNode): void {
    const ready = node.raw.ready();
    this.output.write(describeReady(ready));
    if (!node.isAsync) {
      node.store(ready.hardState, ready.entries, ready.snapshot);
      node.apply(ready.committedEntries);
    }
    for (const message of ready.messages) {
      if (!isStorageThread(message.to)) this.send(message);
      else if (message.type === 'MsgStorageAppend') node.appendWork.push(message);
      else node.applyWork.push(message);
    }
    if (!node.isAsync) node.raw.advance();
  }

  /** Does the first piece of append work. */
  processAppend(node: ScenarioNode): void {
    const work = node.appendWork.shift();
    if (work === undefined) {
      this.output.write('no append work to perform');
      return;
    }
    this.#describeWork(work);
    node.store(hardStateOf(work), work.entries, work.snapshot);
    this.#respond(work);
  }

  /** Does the first piece of apply work. */
  processApply(node: ScenarioNode): void {
    const work = node.applyWork.shift();
    if (work === undefined) {
      this.output.write('no apply work to perform');
      return;
    }
    this.#describeWork(work);
    node.apply(work.entries);
    this.#respond(work);
  }

  /** Delivers (or loses) what is under way to the recipients; answers how many messages that were. */
  deliver(recipients: readonly Recipient[], type?: MessageType): number {
    let count = 0;
    for (const recipient of recipients) {
      const taken = this.#inFlight.filter((message) => isFor(message, recipient, type));
      this.#inFlight = this.#inFlight.filter((message) => !isFor(message, recipient, type));
      count += taken.length;
      for (const message of taken) {
        this.output.write(`${recipient.isDropped ? 'dropped: ' : ''}${describeMessage(message)}\n`);
        if (recipient.isDropped) continue;
        const problem = describeStepResult(this.node(recipient.id).raw.step(message));
        if (problem !== undefined) this.output.write(`${problem}\n`);
      }
    }
    return count;
  }

  /** Lets nodes go on until none has anything to do. */
  stabilize(nodes: readonly ScenarioNode[]): void {
    let isDone = false;
    while (!isDone) {
      const didReady = this.#each(
        nodes,
        'handling Ready',
        (node) => node.raw.hasReady,
        (node) => this.processReady(node),
      );
      const didDeliver = this.#each(
        nodes,
        'receiving messages',
        (node) => this.#inFlight.some((message) => message.to === node.id),
        (node) => this.deliver([{ id: node.id, isDropped: false }]),
      );
      const didAppend = this.#each(
        nodes,
        'processing append thread',
        (node) => node.appendWork.length > 0,
        (node) => {
          while (node.appendWork.length > 0) this.processAppend(node);
        },
      );
      const didApply = this.#each(
        nodes,
        'processing apply thread',
        (node) => node.applyWork.length > 0,
        (node) => {
          while (node.applyWork.length > 0) this.processApply(node);
        },
      );
      isDone = !didReady && !didDeliver && !didAppend && !didApply;
    }
  }

  /** Prints the entries in a node's storage. */
  printLog(node: ScenarioNode): void {
    const { memory } = node.storage;
    const first = memory.firstIndex();
    const last = memory.lastIndex();
    if (last < first) {
      this.output.write(`log is empty: first index=${first}, last index=${last}\n`);
      return;
    }
    const entries = memory.entries(first, last + 1, Number.POSITIVE_INFINITY);
    if (typeof entries !== 'string') this.output.write(describeEntries(entries));
  }

  /** Runs `act` under a header for each node that has something to do. */
  #each(
    nodes: readonly ScenarioNode[],
    what: string,
    hasWork: (node: ScenarioNode) => boolean,
    act: (node: ScenarioNode) => void,
  ): boolean {
    let didSomething = false;
    for (const node of nodes) {
      if (!hasWork(node)) continue;
      didSomething = true;
      this.output.write(`> ${node.id} ${what}\n`);
      this.output.indented(() => act(node));
    }
    return didSomething;
  }

  #describeWork(work: Message): void {
    this.output.write(`Processing:\n${describeMessage({ ...work, responses: [] })}\n`);
  }

  #respond(work: Message): void {
    this.output.write('Responses:\n');
    for (const response of work.responses) this.output.write(`${describeMessage(response)}\n`);
    this.#inFlight.push(...work.responses);
  }
}

/** Local messages are never lost: they don't meet the network. */
function isFor(message: Message, recipient: Recipient, type: MessageType | undefined): boolean {
  if (message.to !== recipient.id || (type !== undefined && message.type !== type)) return false;
  return !(recipient.isDropped && isLocalDelivery(message));
}
