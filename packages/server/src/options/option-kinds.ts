/**
 * The kinds of values an option can have. A kind reads what embedders pass (numbers, booleans, maps) and what people write on a command
 * line, in the environment or in YAML (text, with units), so there is one reading of every option.
 */
import type { Address } from '../env/network.js';
import { formatAddress, parseAddress } from './address.js';

/** How a value of type T is read, checked and shown. */
export interface OptionKind<T> {
  readonly name: 'integer' | 'fraction' | 'boolean' | 'enum' | 'text' | 'path' | 'address' | 'peers';
  /** What is allowed, to end the sentence "… is not allowed; allowed: …". */
  readonly allowed: string;
  /** How the value looks in a usage line, such as `ms` or `host:port`. */
  readonly placeholder: string;
  /** Bounds of a number, both inclusive. */
  readonly range?: { readonly min: number; readonly max: number };
  /** The value, or undefined when it is not allowed. The result is boxed since undefined can be a value. */
  read(given: unknown): { readonly value: T } | undefined;
  /** The value as a person would write it. */
  show(value: T): string;
}

export type Unit = 'bytes' | 'bytesPerSecond' | 'ms' | 'count';

const KiB = 1024;
const multipliers: Record<Unit, ReadonlyMap<string, number>> = {
  bytes: new Map([
    ['', 1],
    ['B', 1],
    ['KiB', KiB],
    ['MiB', KiB ** 2],
    ['GiB', KiB ** 3],
    ['TiB', KiB ** 4],
  ]),
  bytesPerSecond: new Map([
    ['', 1],
    ['B', 1],
    ['KiB', KiB],
    ['MiB', KiB ** 2],
    ['GiB', KiB ** 3],
    ['TiB', KiB ** 4],
  ]),
  ms: new Map([
    ['', 1],
    ['ms', 1],
    ['s', 1000],
    ['m', 60_000],
  ]),
  count: new Map([['', 1]]),
};
const placeholders: Record<Unit, string> = { bytes: 'bytes', bytesPerSecond: 'bytes/s', ms: 'ms', count: 'n' };

/** An integer from `min` to `max`. Text may carry a unit: `64MiB`, `5s`. */
export function integer(min: number, max: number, unit: Unit): OptionKind<number> {
  const show = (value: number): string => showQuantity(value, unit);
  const words = {
    bytes: ' (bytes, or with KiB, MiB, GiB)',
    bytesPerSecond: ' per second (bytes, or with KiB, MiB, GiB)',
  };
  const suffix =
    unit === 'bytes' || unit === 'bytesPerSecond' ? words[unit] : unit === 'ms' ? ' (ms, or with s, m)' : '';
  return {
    name: 'integer',
    allowed: `an integer from ${show(min)} to ${show(max)}${suffix}`,
    placeholder: placeholders[unit],
    range: { min, max },
    read(given) {
      const value = typeof given === 'string' ? readQuantity(given, unit) : given;
      return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? { value }
        : undefined;
    },
    show,
  };
}

/** A number from `min` to `max`. Text may be in percent: `5%`. */
export function fraction(min: number, max: number): OptionKind<number> {
  return {
    name: 'fraction',
    allowed: `a number from ${min} to ${max}; also in percent, as ${min * 100}%`,
    placeholder: 'fraction',
    range: { min, max },
    read(given) {
      const value = typeof given === 'string' ? readFraction(given) : given;
      return typeof value === 'number' && value >= min && value <= max ? { value } : undefined;
    },
    show: String,
  };
}

function readFraction(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,9})?)(%?)$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) / (match[2] === '%' ? 100 : 1);
}

function readQuantity(text: string, unit: Unit): number | undefined {
  const match = /^(-?\d{1,16}) ?([A-Za-z]*)$/.exec(text.trim());
  if (match === null) return undefined;
  const multiplier = multipliers[unit].get(match[2] ?? '');
  return multiplier === undefined ? undefined : Number(match[1]) * multiplier;
}

function showQuantity(value: number, unit: Unit): string {
  if (unit === 'count') return String(value);
  if (unit === 'ms') return `${value}ms`;
  const units = [...multipliers[unit]].filter(([name]) => name !== '').reverse();
  const best = units.find(([, factor]) => value !== 0 && value % factor === 0);
  return best === undefined || best[0] === 'B' ? String(value) : `${value / best[1]}${best[0]}`;
}

/** `true` or `false`; people may also write yes/no, on/off, 1/0, alike on a command line, in the environment and in YAML. */
export function boolean(): OptionKind<boolean> {
  const words = new Map<unknown, boolean>([
    [true, true],
    ['true', true],
    ['yes', true],
    ['on', true],
    ['1', true],
    [1, true],
    [false, false],
    ['false', false],
    ['no', false],
    ['off', false],
    ['0', false],
    [0, false],
  ]);
  return {
    name: 'boolean',
    allowed: 'true or false; also yes or no, on or off, 1 or 0',
    placeholder: 'true|false',
    read(given) {
      const value = words.get(given);
      return value === undefined ? undefined : { value };
    },
    show: String,
  };
}

/** One of the given words. */
export function oneOf<const T extends string>(values: readonly T[]): OptionKind<T> {
  return {
    name: 'enum',
    allowed: values.join(' or '),
    placeholder: values.join('|'),
    read(given) {
      const value = values.find((candidate) => candidate === given);
      return value === undefined ? undefined : { value };
    },
    show: String,
  };
}

/** A name: letters, digits, `.`, `_`, `-`. A number is taken as its digits, since YAML does not keep quotes. */
export function nameText(lengthMax: number): OptionKind<string> {
  return {
    name: 'text',
    allowed: `1 to ${lengthMax} characters out of letters, digits, '.', '_' and '-'`,
    placeholder: 'name',
    read(given) {
      const value = typeof given === 'number' ? String(given) : given;
      const isName = typeof value === 'string' && value.length <= lengthMax && /^[A-Za-z0-9._-]+$/.test(value);
      return isName ? { value } : undefined;
    },
    show: String,
  };
}

/** A name, or the word that stands for none. */
export function nameOr(lengthMax: number, none: string): OptionKind<string | undefined> {
  const kind = nameText(lengthMax);
  return {
    ...kind,
    allowed: `${kind.allowed}, or ${none}`,
    placeholder: `${kind.placeholder}|${none}`,
    read: (given) => (given === none ? { value: undefined } : kind.read(given)),
    show: (value) => value ?? none,
  };
}

/** A path of the file system, as given. */
export function path(): OptionKind<string> {
  return {
    name: 'path',
    allowed: 'a path, not empty and without a NUL character',
    placeholder: 'path',
    read: (given) =>
      typeof given === 'string' && given !== '' && !given.includes('\0') ? { value: given } : undefined,
    show: String,
  };
}

/** `host:port`. */
export function address(portMin: 0 | 1): OptionKind<Address> {
  return {
    name: 'address',
    allowed: `host:port with a port from ${portMin} to 65535${portMin === 0 ? ' (0 takes a free port)' : ''}; IPv6 as [::1]:port`,
    placeholder: 'host:port',
    read(given) {
      const value = typeof given === 'string' ? parseAddress(given, portMin) : undefined;
      return value === undefined ? undefined : { value };
    },
    show: formatAddress,
  };
}

/** `host:port`, or the word that stands for none. */
export function addressOr(portMin: 0 | 1, none: string): OptionKind<Address | undefined> {
  const kind = address(portMin);
  return {
    ...kind,
    allowed: `${kind.allowed}; or ${none}`,
    // YAML reads a bare `off` as text, but a person may write `false` there too (docs/configuration.md says so).
    read: (given) => (given === none || (none === 'off' && given === false) ? { value: undefined } : kind.read(given)),
    show: (value) => (value === undefined ? none : formatAddress(value)),
  };
}

/** Node ids with their addresses: a map, `1=host:port,2=host:port`, or a list of such text. */
export function peerMap(countMax: number, nodeIdMax: number): OptionKind<ReadonlyMap<number, Address>> {
  return {
    name: 'peers',
    allowed: `1=host:port,2=host:port,… for up to ${countMax} nodes, ids from 1 to ${nodeIdMax}, ports from 1 to 65535, no id or address twice`,
    placeholder: '1=host:port,…',
    read(given) {
      const pairs = readPairs(given);
      if (pairs === undefined || pairs.length > countMax) return undefined;
      const peers = new Map<number, Address>();
      for (const [idText, addressText] of pairs) {
        const id = /^\d{1,5}$/.test(idText) ? Number(idText) : 0;
        const parsed = parseAddress(addressText, 1);
        if (id < 1 || id > nodeIdMax || parsed === undefined || peers.has(id)) return undefined;
        peers.set(id, parsed);
      }
      if (new Set([...peers.values()].map(formatAddress)).size !== peers.size) return undefined;
      return { value: sortById(peers) };
    },
    show: (value) => [...value].map(([id, peer]) => `${id}=${formatAddress(peer)}`).join(','),
  };
}

/** The same peers by ascending node id, so that every node sees one order. */
export function sortById(peers: ReadonlyMap<number, Address>): ReadonlyMap<number, Address> {
  return new Map([...peers].sort(([a], [b]) => a - b));
}

function readPairs(given: unknown): readonly (readonly [string, string])[] | undefined {
  if (typeof given === 'string')
    return readPairs(
      given
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    );
  if (given instanceof Map) return readPairs(Object.fromEntries(given));
  if (Array.isArray(given)) {
    const parts = given.flatMap((part: unknown) => (typeof part === 'string' ? part.split(',') : ['']));
    return parts.map((part) => {
      const at = part.indexOf('=');
      return at === -1 ? ['', part] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    });
  }
  if (typeof given !== 'object' || given === null) return undefined;
  return Object.entries(given).map(([id, value]: [string, unknown]) => [id, typeof value === 'string' ? value : '']);
}
