/** Which servers to ask first. */
import { clientPortDefault } from '@kvorum/protocol';
import { invalidArgument } from './errors.js';

const scheme = /^kvorum:\/\//;
/** A host name or IPv4 address, or an IPv6 address in brackets, and maybe a port. */
const endpoint = /^(\[[0-9a-fA-F:.%]+\]|[^[\]:/@\s]+)(?::(\d{1,5}))?$/;
const portMax = 65_535;

/**
 * Addresses, `host:port`, of `kvorum://host1,host2:2379`, of the same without the scheme, or of a list of such.
 * Throws ClientError INVALID_ARGUMENT.
 */
export function parseTarget(target: string | readonly string[]): readonly string[] {
  const parts = typeof target === 'string' ? [target] : target;
  const addresses = parts.flatMap((part) => part.trim().replace(scheme, '').replace(/\/$/, '').split(',')).map(address);
  if (addresses.length === 0) throw invalidArgument('target', 'the target names no server');
  return [...new Set(addresses)];
}

function address(text: string): string {
  const [, host, port = String(clientPortDefault)] = endpoint.exec(text.trim()) ?? [];
  if (host !== undefined && Number(port) >= 1 && Number(port) <= portMax) return `${host}:${Number(port)}`;
  throw invalidArgument('target', `${JSON.stringify(text)} is no host[:port]; a target is kvorum://host1,host2:2379`);
}
