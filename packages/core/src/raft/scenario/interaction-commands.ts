/**
 * The commands that drive whole groups of replicas.
 */
import { encodeUtf8 } from '../../base/utf8.js';
import { encodeConfChange, entryTypeOf } from '../confchange/codec.js';
import type { ConfChange, ConfChangeTransition } from '../confchange/conf-change.js';
import type { EntryType } from '../entry.js';
import { describeId, describeRole } from '../format/ids.js';
import { describeMessage } from '../format/message.js';
import { describeProgress } from '../format/membership.js';
import { type MessageType, newMessage, PEER_MESSAGE_TYPES } from '../message.js';
import { ELECTION_TICKS, firstSnapshot, HEARTBEAT_TICKS, nodeCount, nodeOptions } from './add-nodes.js';
import {
  booleanOf,
  idsOf,
  parseInteger,
  positional,
  positionalInteger,
  positionals,
  requiredInteger,
  ScenarioError,
  valueOf,
} from './arguments.js';
import { parseChanges } from './change-tokens.js';
import { describeStepResult, Environment, type Recipient } from './environment.js';
import { EXTRA_COMMANDS } from './extra-commands.js';
import { Output, parseLevel } from './output.js';
import type { Case } from './parser.js';
import type { ScenarioNode } from './scenario-node.js';

type Command = (environment: Environment, one: Case) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  'add-nodes': (environment, one) =>
    environment.addNodes(nodeCount(one), firstSnapshot(one), nodeOptions(one, environment.output)),
  campaign: (environment, one) => nodeOf(environment, one).raw.campaign(),
  compact: (environment, one) => {
    const node = nodeOf(environment, one);
    node.storage.memory.compact(positionalInteger(one, 1));
    environment.printLog(node);
  },
  'deliver-msgs': deliverMessages,
  'forget-leader': (environment, one) => nodeOf(environment, one).raw.forgetLeader(),
  'log-level': (environment, one) => {
    environment.output.level = parseLevel(positional(one, 0));
  },
  'process-append-thread': (environment, one) =>
    forEachNode(environment, one, 'processing append thread', (node) => environment.processAppend(node)),
  'process-apply-thread': (environment, one) =>
    forEachNode(environment, one, 'processing apply thread', (node) => environment.processApply(node)),
  'process-ready': (environment, one) =>
    forEachNode(environment, one, 'handling Ready', (node) => environment.processReady(node)),
  propose: (environment, one) => propose(nodeOf(environment, one), 'normal', encodeUtf8(positional(one, 1))),
  'propose-conf-change': (environment, one) => {
    const change = confChangeOf(one);
    propose(nodeOf(environment, one), entryTypeOf(change), encodeConfChange(change));
  },
  'raft-log': (environment, one) => environment.printLog(nodeOf(environment, one)),
  'raft-state': printStates,
  'report-unreachable': (environment, one) => nodeOf(environment, one).raw.reportUnreachable(positionalInteger(one, 1)),
  'send-snapshot': sendSnapshot,
  'set-randomized-election-timeout': (environment, one) =>
    nodeOf(environment, one).raw.setRandomizedElectionTicks(requiredInteger(one, 'timeout')),
  stabilize,
  status: printStatus,
  'tick-election': (environment, one) => tick(nodeOf(environment, one), ELECTION_TICKS),
  'tick-heartbeat': (environment, one) => tick(nodeOf(environment, one), HEARTBEAT_TICKS),
  'transfer-leadership': (environment, one) =>
    environment.node(requiredInteger(one, 'from')).raw.transferLeader(requiredInteger(one, 'to')),
  ...EXTRA_COMMANDS,
};

/** One group through the cases of a file. */
export class InteractionCommands {
  readonly #output = new Output();
  readonly #environment = new Environment(this.#output);

  /** Carries out one command. What goes wrong is printed behind what went before. */
  run(one: Case): string {
    const command = COMMANDS[one.command];
    if (command === undefined) throw new ScenarioError(`unknown command ${one.command}`);
    let problem = '';
    try {
      command(this.#environment, one);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    const text = this.#output.take();
    if (this.#output.isQuiet) return problem === '' ? 'ok' : problem;
    return text + problem === '' ? 'ok' : text + problem;
  }
}

function nodeOf(environment: Environment, one: Case): ScenarioNode {
  return environment.node(positionalInteger(one, 0));
}

/** Nodes named by the directive, all when none is. */
function nodesOf(environment: Environment, one: Case): readonly ScenarioNode[] {
  const ids = positionals(one);
  return ids.length === 0 ? environment.nodes : ids.map((id) => environment.node(parseInteger(id)));
}

/** Several nodes get a header and an indent each, a single one neither. */
function forEachNode(environment: Environment, one: Case, what: string, act: (node: ScenarioNode) => void): void {
  const nodes = nodesOf(environment, one);
  for (const node of nodes) {
    if (nodes.length === 1) {
      act(node);
      continue;
    }
    environment.output.write(`> ${node.id} ${what}\n`);
    environment.output.indented(() => act(node));
  }
}

function propose(node: ScenarioNode, type: EntryType, data: Uint8Array): void {
  const message = newMessage('MsgProp', node.id, node.id);
  message.entries = [{ term: 0, index: 0, type, data }];
  const problem = describeStepResult(node.raw.step(message));
  if (problem !== undefined) throw new ScenarioError(problem);
}

function tick(node: ScenarioNode, ticks: number): void {
  for (let ticked = 0; ticked < ticks; ticked += 1) node.raw.tick();
}

function confChangeOf(one: Case): ConfChange {
  const changes = parseChanges(one.input);
  const context = new Uint8Array(0);
  const transition = transitionOf(valueOf(one, 'transition') ?? 'auto');
  if (!booleanOf(one, 'v1')) return { version: 2, transition, changes, context };
  const [change] = changes;
  if (change === undefined || changes.length !== 1 || transition !== 'auto') {
    throw new ScenarioError('v1 conf change can only have one operation and no transition');
  }
  return { version: 1, change, context };
}

function transitionOf(text: string): ConfChangeTransition {
  if (text === 'auto' || text === 'implicit' || text === 'explicit') return text;
  throw new ScenarioError(`unknown transition ${text}`);
}

function deliverMessages(environment: Environment, one: Case): void {
  const recipients: Recipient[] = positionals(one).map((id) => ({ id: parseInteger(id), isDropped: false }));
  for (const id of idsOf(one, 'drop')) recipients.push({ id, isDropped: true });
  if (new Set(recipients.map(({ id }) => id)).size < recipients.length) {
    throw new ScenarioError('a node is named twice');
  }
  const count = environment.deliver(recipients, messageTypeOf(valueOf(one, 'type')));
  if (count === 0) environment.output.write('no messages\n');
}

function messageTypeOf(text: string | undefined): MessageType | undefined {
  if (text === undefined) return undefined;
  const type = PEER_MESSAGE_TYPES.find((known) => known === text);
  if (type === undefined) throw new ScenarioError(`unknown message type ${text}`);
  return type;
}

function stabilize(environment: Environment, one: Case): void {
  const { output } = environment;
  const before = output.level;
  const level = valueOf(one, 'log-level');
  if (level !== undefined) output.level = parseLevel(level);
  try {
    environment.stabilize(nodesOf(environment, one));
    if (output.isQuiet) output.take();
  } finally {
    output.level = before;
  }
}

function sendSnapshot(environment: Environment, one: Case): void {
  const node = nodeOf(environment, one);
  const message = newMessage('MsgSnap', positionalInteger(one, 1), node.id);
  message.term = node.raw.term;
  message.snapshot = node.storage.newest();
  environment.send(message);
  environment.output.write(`${describeMessage(message)}\n`);
}

function printStatus(environment: Environment, one: Case): void {
  for (const [id, progress] of nodeOf(environment, one).raw.status().progress) {
    environment.output.write(`${id}: ${describeProgress(progress)}\n`);
  }
}

function printStates(environment: Environment): void {
  for (const { id, raw } of environment.nodes) {
    const voter = raw.isVoter(id) ? '(Voter)' : '(Non-Voter)';
    environment.output.write(
      `${describeId(id)}: ${describeRole(raw.role)} ${voter} Term:${raw.term} Lead:${raw.leaderId}\n`,
    );
  }
}
