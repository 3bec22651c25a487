/** All bugs that can be brought back: those of nodes, and those of the client. */
import {
  activateMutation as activateInClient,
  mutations as clientMutations,
} from '@kvorum/client/internal/base/mutation.js';
import { activateMutation as activateInNodes, mutations as nodeMutations } from '@kvorum/core/base/mutation.js';

export const mutations = [...nodeMutations, ...clientMutations] as const;

export type Mutation = (typeof mutations)[number];

/** Puts one bug into the whole program, or takes it out. */
export function activateMutation(mutation: Mutation | undefined): void {
  activateInNodes(nodeMutations.find((name) => name === mutation));
  activateInClient(clientMutations.find((name) => name === mutation));
}
