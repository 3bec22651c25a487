/** The entry point of programs on Node.js. */
import { type ClientOptions, resolveClientOptions } from './base/options.js';
import { parseTarget } from './base/target.js';
import { Client } from './client.js';
import { createNodeDeps } from './node/node-deps.js';

/**
 * Connects to a cluster. Any of its servers suffices to find the others. Rejects with {@link ClientError}: INVALID_ARGUMENT for a target or option that is
 * wrong, KEYSPACE_NOT_FOUND, UNAVAILABLE when no server has answered within `connectTimeoutMs`.
 * @example
 * const client = await connect('kvorum://10.0.0.1,10.0.0.2:2379');
 * await client.set('greeting', 'hello');
 * console.log((await client.get('greeting'))?.text());
 * await client.close();
 */
export async function connect(target: string | readonly string[], options: ClientOptions = {}): Promise<Client> {
  const resolved = resolveClientOptions(options);
  const client = new Client(createNodeDeps(resolved), parseTarget(target), resolved);
  try {
    await client.servers({ timeoutMs: resolved.connectTimeoutMs });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
