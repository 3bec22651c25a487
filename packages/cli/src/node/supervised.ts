/** The messages between `kvorum demo` and the nodes it runs, over the channel that Node.js opens between parent and child. */
import { z } from 'zod';

/** From a node to its supervisor. */
const fromNode = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), clientAddress: z.string().optional() }),
  z.object({ type: z.literal('failed'), exitCode: z.number(), code: z.string(), message: z.string() }),
]);
export type FromNode = z.infer<typeof fromNode>;

/** From a supervisor to its node: drain and end. A channel that closes means the same. */
const toNode = z.object({ type: z.literal('stop') });
export type ToNode = z.infer<typeof toNode>;

/** The message, or undefined when it is none of these. */
export function readFromNode(message: unknown): FromNode | undefined {
  return fromNode.safeParse(message).data;
}

/** True when the message, or its absence, asks a node to stop. */
export function isStop(message: unknown): boolean {
  return message === undefined || toNode.safeParse(message).success;
}
