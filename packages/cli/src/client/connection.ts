/** The client of a command: made from its flags, closed when the command is done, its errors told as the command tells errors. */
import { type Client, type ClientOptions, connect } from '@kvorum/client';
import type { Terminal } from '../terminal.js';
import { explainFailure } from './client-failure.js';
import { readEndpoints } from './endpoint.js';

export interface ConnectionFlags {
  readonly endpoint?: readonly string[];
  readonly endpoints?: readonly string[];
  readonly timeout?: number;
}

/** How long each endpoint has to answer the first question; then the command gives up. */
const connectMsPerEndpoint = 1000;

/**
 * Runs the command with a client that has reached a node. Writes are sent without a session: a command makes one, and opening a session for it would be
 * two more.
 */
export async function withClient<T>(
  terminal: Terminal,
  flags: ConnectionFlags,
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await openClient(terminal, flags, { session: false });
  try {
    return await run(client);
  } catch (error) {
    throw explainFailure(error);
  } finally {
    await client.close();
  }
}

/** A client that has reached a node; the caller closes it. Fails with a CommandError. */
export async function openClient(terminal: Terminal, flags: ConnectionFlags, options: ClientOptions): Promise<Client> {
  const { timeout } = flags;
  const endpoints = readEndpoints(flags, terminal.env);
  const connectTimeoutMs = Math.min(timeout ?? Number.POSITIVE_INFINITY, connectMsPerEndpoint * endpoints.length);
  const times = { connectTimeoutMs, ...(timeout === undefined ? {} : { timeoutMs: timeout }) };
  try {
    return await connect(
      endpoints.map(({ address }) => address),
      { ...times, ...options },
    );
  } catch (error) {
    throw explainFailure(error, endpoints);
  }
}
