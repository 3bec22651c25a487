/** Whether the nodes of a cluster are as the promise to serve again (R4) presupposes: enough of them run and are connected with each other. */
import type { ConfState } from '@kvorum/core/raft/snapshot.js';
import type { Machine } from './machine/machine.js';
import { isMinorityLost } from './membership/member-book.js';

/** Nodes that run, each connected with each, are a majority of every one of these memberships. */
export function hasConnectedMajority(machines: readonly Machine[], memberships: readonly ConfState[]): boolean {
  const links = new Map<number, ReadonlySet<number>>();
  for (const { id, node } of machines) {
    const status = node?.status();
    if (status?.state !== 'running') continue;
    links.set(id, new Set(status.members.filter(({ isConnected }) => isConnected).map(({ nodeId }) => nodeId)));
  }
  const areLinked = (a: number, b: number): boolean =>
    a === b || (links.get(a)?.has(b) === true && links.get(b)?.has(a) === true);
  return [...links.keys()].some((first) => {
    const group: number[] = [first];
    for (const id of links.keys()) if (id !== first && group.every((other) => areLinked(other, id))) group.push(id);
    const others = machines.map(({ id }) => id).filter((id) => !group.includes(id));
    return memberships.every((membership) => isMinorityLost(membership, new Set(others)));
  });
}
