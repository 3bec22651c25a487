/** Endpoints as a person writes them: `127.0.0.1:2379`, `kvorum://127.0.0.1:2379` or `http://127.0.0.1:2379`. */
import { clientPortDefault } from '@kvorum/protocol';
import { formatAddress, parseAddress } from '@kvorum/server/options/address.js';
import { CommandError } from '../command-error.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** As it is shown. */
  readonly url: string;
}

const defaultEndpoint = `http://127.0.0.1:${clientPortDefault}`;

/** The endpoints given by flags, else by KVORUM_ENDPOINTS, else the default. Fails with a usage error. */
export function readEndpoints(
  { endpoint = [], endpoints = [] }: { readonly endpoint?: readonly string[]; readonly endpoints?: readonly string[] },
  env: Readonly<Record<string, string | undefined>>,
): readonly Endpoint[] {
  const fromEnv = env['KVORUM_ENDPOINTS'];
  const flags = [...endpoint, ...endpoints];
  const otherwise = fromEnv === undefined || fromEnv === '' ? defaultEndpoint : fromEnv;
  const given = flags.length > 0 ? flags : [otherwise];
  const texts = given.flatMap((part) => part.split(',')).map((part) => part.trim());
  const named = texts.filter((text) => text !== '');
  if (named.length === 0) throw notAllowed(given.join(','));
  return named.map(parseEndpoint);
}

function parseEndpoint(text: string): Endpoint {
  const plain = text.replace(/^(?:http|kvorum):\/\//, '').replace(/\/$/, '');
  const withPort = /:\d+$/.test(plain) ? plain : `${plain}:${clientPortDefault}`;
  const parsed = parseAddress(withPort, 1);
  if (parsed !== undefined) {
    const address = formatAddress(parsed);
    return { ...parsed, address, url: `http://${address}` };
  }
  throw notAllowed(text);
}

function notAllowed(text: string): CommandError {
  const allowed = 'host:port or http://host:port with a port from 1 to 65535';
  return new CommandError('usage', `--endpoint: "${text}" is not allowed; allowed: ${allowed}`, {
    code: 'INVALID_OPTION',
    fields: { option: 'endpoint', allowed },
  });
}
