/** `host:port` as text, both ways. IPv6 hosts stand in brackets: `[::1]:2379`. */
import type { Address } from '../env/network.js';

const hostName = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?$/;
const ipv6 = /^[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?$/;

/** The address that `text` names, or undefined when it is not `host:port` with a port from `portMin` to 65,535. */
export function parseAddress(text: string, portMin: number): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, portText] = match;
  const host = bracketed ?? plain ?? '';
  const isHost = bracketed === undefined ? hostName.test(host) : host.includes(':') && ipv6.test(host);
  const port = Number(portText);
  if (!isHost || port < portMin || port > 65_535) return undefined;
  return { host, port };
}

/** The address as text that {@link parseAddress} reads. */
export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** True when only programs on the same machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
