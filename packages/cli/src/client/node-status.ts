/** A node's status as `/health` tells it; only what the command shows is read. */
import { z } from 'zod';
import { CommandError } from '../command-error.js';
import type { Endpoint } from './endpoint.js';
import { getFrom, readBody } from './request.js';

const shardStatus = z.object({
  shard: z.number(),
  keyspace: z.string(),
  role: z.string(),
  leader: z.number().nullish(),
  term: z.number(),
  commitIndex: z.number(),
  appliedIndex: z.number(),
  revision: z.number().default(0),
  keys: z.number().default(0),
});

const memberStatus = z.object({
  nodeId: z.number(),
  peerAddress: z.string().nullish(),
  clientAddress: z.string().nullish(),
  isSelf: z.boolean().default(false),
  isConnected: z.boolean().default(false),
  isLeader: z.boolean().default(false),
});

const nodeStatus = z.object({
  nodeId: z.number(),
  version: z.string().default(''),
  clusterId: z.string().default(''),
  state: z.string(),
  isReady: z.boolean(),
  warnings: z.array(z.string()).default([]),
  shards: z.array(shardStatus).default([]),
  members: z.array(memberStatus).default([]),
  storage: z.string().default(''),
  uptimeMs: z.number().default(0),
});

export type SeenStatus = z.infer<typeof nodeStatus>;
export type SeenShard = z.infer<typeof shardStatus>;

const statusBytesMax = 4 * 1024 * 1024;

/** Asks one endpoint. Fails with NoAnswerError, or a {@link CommandError} when the answer is none of a node. */
export async function fetchStatus(
  endpoint: Omit<Endpoint, 'address'>,
  timeoutMs: number,
): Promise<{ status: SeenStatus; raw: unknown }> {
  const answer = await getFrom(endpoint, '/health', timeoutMs);
  const body = await readBody(answer, statusBytesMax);
  let raw: unknown;
  try {
    raw = JSON.parse(body.toString('utf8'));
  } catch {
    raw = undefined;
  }
  const parsed = nodeStatus.safeParse(raw);
  if (parsed.success) return { status: parsed.data, raw };
  throw new CommandError(
    'failed',
    `${endpoint.url} does not answer /health like a kvorum node (status ${answer.status})`,
  );
}

/** The shard of the default keyspace, by which people judge a node. */
export function defaultShard(status: SeenStatus): SeenShard | undefined {
  return status.shards.find(({ keyspace }) => keyspace === 'default') ?? status.shards.at(-1);
}
