/**
 * Turns given options into the complete, checked form, or tells everything that is wrong with them. The only place that fills defaults
 * and the only place that checks ranges.
 */
import type { Address } from '../env/network.js';
import { formatAddress, isLoopback } from './address.js';
import { closestName } from './closest-name.js';
import type { NodeOptions, OptionName, ResolvedNodeOptions } from './node-options.js';
import { OptionError, type OptionProblem, showGiven } from './option-error.js';
import { sortById } from './option-kinds.js';
import { isOptionName, optionNames, optionTable, showOption, votersMax } from './option-table.js';

/** Options or what is wrong with them: either `options` with no problems, or at least one problem. */
export type OptionsCheck =
  | { readonly options: ResolvedNodeOptions; readonly problems: readonly [] }
  | { readonly options: undefined; readonly problems: readonly [OptionProblem, ...OptionProblem[]] };

/**
 * Fills defaults and checks every value. Throws an {@link OptionError} that names each wrong option, its value and what is allowed.
 *
 * @example
 * resolveOptions({ heartbeatMs: 50 }).electionTimeoutMs; // 700
 */
export function resolveOptions(input: NodeOptions): ResolvedNodeOptions {
  const check = checkOptions({ ...input });
  if (check.options !== undefined) return check.options;
  const [first, ...others] = check.problems;
  throw new OptionError(first, others);
}

/** As {@link resolveOptions} for input of unknown shape (a file, flags), and without throwing: every problem is told. */
export function checkOptions(input: Readonly<Record<string, unknown>>): OptionsCheck {
  const problems: OptionProblem[] = unknownNames(input);
  const given = readAll(input, problems);
  const options = settle(given, input, problems);
  const [first, ...others] = problems;
  return first === undefined ? { options, problems: [] } : { options: undefined, problems: [first, ...others] };
}

/** The options in the form a caller gives them, for example to start a node with settings that were checked before. */
export function toNodeOptions(options: ResolvedNodeOptions): NodeOptions {
  const { peers, peerAddress, clientAddress, advertiseClientAddress, ...rest } = options;
  const own = formatAddress(peerAddress);
  const pairs = [...peers].map(([id, peer]): [number, string] => [id, formatAddress(peer)]);
  return {
    ...rest,
    // This node's own address is left out where it says nothing new: port 0 is allowed only as peerAddress.
    peers: Object.fromEntries(pairs.filter(([id, peer]) => id !== options.nodeId || peer !== own)),
    peerAddress: own,
    clientAddress: clientAddress === undefined ? 'off' : formatAddress(clientAddress),
    advertiseClientAddress: advertiseClientAddress === undefined ? undefined : formatAddress(advertiseClientAddress),
  };
}

/** Things that are allowed and yet deserve a warning when a node starts, as sentences. */
export function optionWarnings(options: ResolvedNodeOptions): readonly string[] {
  const warnings: string[] = [];
  const voters = options.peers.size;
  if (voters % 2 === 0) {
    warnings.push(`${voters} voters survive no more failures than ${voters - 1}: use an odd number of peers`);
  }
  const listeners: [string, Address | undefined][] = [
    ['clientAddress', options.clientAddress],
    ['peerAddress', options.peerAddress],
  ];
  for (const [name, address] of listeners) {
    if (address === undefined || isLoopback(address.host)) continue;
    warnings.push(
      `${name} ${formatAddress(address)} can be reached from other machines, without encryption or passwords: allow only trusted networks`,
    );
  }
  return warnings;
}

function unknownNames(input: Readonly<Record<string, unknown>>): OptionProblem[] {
  const names = Object.keys(input).filter((name) => !isOptionName(name));
  return names.map((name) => {
    const meant = closestName(name, optionNames);
    const allowed = meant === undefined ? `one of ${optionNames.join(', ')}` : meant;
    const hint = meant === undefined ? `the options are ${optionNames.join(', ')}` : `did you mean ${meant}?`;
    return { option: name, value: input[name], allowed, message: `unknown option ${name}: ${hint}` };
  });
}

function readAll(input: Readonly<Record<string, unknown>>, problems: OptionProblem[]): ResolvedNodeOptions {
  const read = <Name extends OptionName>(name: Name): ResolvedNodeOptions[Name] => {
    const row = optionTable[name];
    const given = input[name];
    if (given === undefined) return row.default;
    const result = row.kind.read(given);
    if (result !== undefined) return result.value;
    problems.push(problem(name, given, row.kind.allowed));
    return row.default;
  };
  return {
    nodeId: read('nodeId'),
    clusterName: read('clusterName'),
    zone: read('zone'),
    dataDir: read('dataDir'),
    storage: read('storage'),
    peers: read('peers'),
    peerAddress: read('peerAddress'),
    clientAddress: read('clientAddress'),
    advertiseClientAddress: read('advertiseClientAddress'),
    demoRoutes: read('demoRoutes'),
    tracing: read('tracing'),
    heartbeatMs: read('heartbeatMs'),
    electionTimeoutMs: read('electionTimeoutMs'),
    linearizableReads: read('linearizableReads'),
    clockDriftBound: read('clockDriftBound'),
    requestTimeoutMs: read('requestTimeoutMs'),
    connectTimeoutMs: read('connectTimeoutMs'),
    drainTimeoutMs: read('drainTimeoutMs'),
    walSegmentBytes: read('walSegmentBytes'),
    logRetainBytes: read('logRetainBytes'),
    logRetainBytesNode: read('logRetainBytesNode'),
    logWindowBytes: read('logWindowBytes'),
    ringBytes: read('ringBytes'),
    diskReserveBytes: read('diskReserveBytes'),
    maxInflightMessages: read('maxInflightMessages'),
    maxInflightBytes: read('maxInflightBytes'),
    peerQueueBytes: read('peerQueueBytes'),
    requestQueueBytes: read('requestQueueBytes'),
    requestQueueCount: read('requestQueueCount'),
    maxConnections: read('maxConnections'),
    snapshotBytesPerSecond: read('snapshotBytesPerSecond'),
  };
}

/**
 * Fills what follows from other options and checks rules between options. A rule is not looked at when one of its options is wrong by
 * itself: it would speak of the default that stands in for it.
 */
function settle(
  given: ResolvedNodeOptions,
  input: Readonly<Record<string, unknown>>,
  problems: OptionProblem[],
): ResolvedNodeOptions {
  const wrong = new Set(problems.map(({ option }) => option));
  const areGood = (...names: readonly OptionName[]): boolean => names.every((name) => !wrong.has(name));
  const electionMin = 3 * given.heartbeatMs;
  if (areGood('heartbeatMs', 'electionTimeoutMs') && given.electionTimeoutMs < electionMin) {
    const allowed = `at least ${electionMin}ms (3 × heartbeatMs, which is ${given.heartbeatMs}ms)`;
    problems.push(problem('electionTimeoutMs', given.electionTimeoutMs, allowed));
  }
  if (areGood('logRetainBytes', 'logRetainBytesNode') && given.logRetainBytesNode < given.logRetainBytes) {
    const allowed = `at least logRetainBytes, which is ${optionTable.logRetainBytes.kind.show(given.logRetainBytes)}`;
    problems.push(problem('logRetainBytesNode', given.logRetainBytesNode, allowed));
  }
  const self = given.peers.get(given.nodeId);
  const peerAddress = input['peerAddress'] === undefined && self !== undefined ? self : given.peerAddress;
  const peers = sortById(new Map([...given.peers, [given.nodeId, self ?? peerAddress]]));
  const twin = [...peers].find(
    ([id, peer]) => id !== given.nodeId && formatAddress(peer) === formatAddress(peerAddress),
  );
  if (twin !== undefined && areGood('nodeId', 'peerAddress')) {
    const allowed = `an address of its own; in peers it belongs to node ${twin[0]}`;
    problems.push(problem('peerAddress', formatAddress(peerAddress), allowed));
  }
  const own = [peerAddress, peers.get(given.nodeId)];
  if (areGood('nodeId', 'peerAddress', 'peers', 'clientAddress') && own.some(isSame(given.clientAddress))) {
    const allowed = 'an address of its own; peerAddress, where other nodes connect, is the same';
    problems.push(problem('clientAddress', input['clientAddress'] ?? showOption(given, 'clientAddress'), allowed));
  }
  if (peers.size > votersMax && areGood('nodeId')) {
    const allowed = `at most ${votersMax} nodes with this one, whose nodeId ${given.nodeId} is not among them`;
    problems.push(problem('peers', input['peers'], allowed));
  }
  return { ...given, peerAddress, peers };
}

/** True for the same address, port 0 apart: that is a free port for each who asks. */
function isSame(one: Address | undefined): (other: Address | undefined) => boolean {
  return (other) =>
    one !== undefined && other !== undefined && one.port !== 0 && formatAddress(one) === formatAddress(other);
}

function problem(name: OptionName, value: unknown, allowed: string): OptionProblem {
  return {
    option: name,
    value,
    allowed,
    message: `option ${name}: ${showGiven(value)} is not allowed; allowed: ${allowed}`,
  };
}
