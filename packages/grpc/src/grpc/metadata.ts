/**
 * Metadata: the header fields and trailers of a call that are the application's. ASCII values are strings; names that end in `-bin`
 * hold bytes, which travel as base64 (gRPC over HTTP/2, "Custom-Metadata"). What belongs to HTTP/2 or gRPC itself can't be set here
 * and is left out of what was received.
 */
import type { HeaderList } from '../base/header-list.js';
import { GrpcError, Status } from './status.js';

const namePattern = /^[0-9a-z_.-]+$/;
const valuePattern = /^[ -~]*$/;
const base64Pattern = /^[0-9A-Za-z+/]*={0,2}$/;

/** Fields of the protocol: those of gRPC are `grpc-…`, and these (RFC 9113, 8.2.2). */
const protocolNames = new Set([
  'connection',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Text, or bytes under a name that ends in `-bin`. */
export type MetadataValue = string | Uint8Array;

/** An ordered list of fields; names may repeat and are case-insensitive (kept in lower case). */
export class Metadata {
  readonly #names: string[] = [];
  readonly #values: MetadataValue[] = [];

  /** The application's fields of a received list. Throws GrpcError INTERNAL if a `-bin` value is not base64. */
  static fromHeaders(list: HeaderList): Metadata {
    const metadata = new Metadata();
    for (let at = 0; at + 1 < list.length; at += 2) {
      const name = list[at] ?? '';
      const value = list[at + 1] ?? '';
      if (name.startsWith(':') || isProtocolName(name)) continue;
      if (!name.endsWith('-bin')) metadata.#push(name, value);
      // Several values may have been joined with commas on their way (RFC 9110, 5.3).
      else for (const part of value.split(',')) metadata.#push(name, decodeBinary(name, part));
    }
    return metadata;
  }

  /** Number of fields. */
  get size(): number {
    return this.#names.length;
  }

  /** The first text under the name. */
  get(name: string): string | undefined {
    const value = this.#first(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** The first bytes under the name, which ends in `-bin`. */
  getBinary(name: string): Uint8Array | undefined {
    const value = this.#first(name);
    return typeof value === 'string' ? undefined : value;
  }

  /** All values under the name, in order. */
  getAll(name: string): readonly MetadataValue[] {
    const wanted = name.toLowerCase();
    return this.#values.filter((_, at) => this.#names[at] === wanted);
  }

  /** Adds a field behind those of the same name. Throws TypeError for names and values that gRPC can't carry. */
  append(name: string, value: MetadataValue): this {
    const lower = name.toLowerCase();
    checkName(lower);
    if (lower.endsWith('-bin') !== (typeof value !== 'string')) {
      throw new TypeError(`metadata "${lower}": bytes go under names that end in -bin, text under all others`);
    }
    this.#push(lower, typeof value === 'string' ? checkedText(lower, value) : value);
    return this;
  }

  /** Replaces all values under the name by one. */
  set(name: string, value: MetadataValue): this {
    this.delete(name);
    return this.append(name, value);
  }

  /** Removes all values under the name. */
  delete(name: string): void {
    const unwanted = name.toLowerCase();
    for (let at = this.#names.length - 1; at >= 0; at--) {
      if (this.#names[at] !== unwanted) continue;
      this.#names.splice(at, 1);
      this.#values.splice(at, 1);
    }
  }

  /** Adds name, value, name, value… to a header list in the making. */
  appendTo(out: string[]): void {
    for (let at = 0; at < this.#names.length; at++) {
      const value = this.#values[at] ?? '';
      out.push(this.#names[at] ?? '', typeof value === 'string' ? value : encodeBinary(value));
    }
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: MetadataValue]> {
    for (let at = 0; at < this.#names.length; at++) yield [this.#names[at] ?? '', this.#values[at] ?? ''];
  }

  #push(name: string, value: MetadataValue): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  #first(name: string): MetadataValue | undefined {
    const at = this.#names.indexOf(name.toLowerCase());
    return at === -1 ? undefined : this.#values[at];
  }
}

/** The header value of bytes: base64, without padding as the specification prefers. */
export function encodeBinary(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const padding = text.indexOf('=');
  return padding === -1 ? text : text.slice(0, padding);
}

/** Bytes of one header value, padded or not. Throws GrpcError INTERNAL if it is not base64. */
export function decodeBinary(name: string, text: string): Uint8Array {
  const trimmed = text.trim();
  const digits = trimmed.replace(/=+$/, '').length;
  if (!base64Pattern.test(trimmed) || digits % 4 === 1) {
    throw new GrpcError(Status.INTERNAL, `metadata "${name}" is not base64`);
  }
  return Uint8Array.from(Buffer.from(trimmed, 'base64'));
}

function isProtocolName(name: string): boolean {
  return name.startsWith('grpc-') || protocolNames.has(name);
}

function checkName(name: string): void {
  if (!namePattern.test(name)) throw new TypeError(`metadata name "${name}" has characters outside 0-9 a-z _ - .`);
  if (isProtocolName(name)) throw new TypeError(`metadata name "${name}" belongs to the protocol`);
}

/** White space at the ends can't travel (RFC 9113, 8.2.1) and is cut off. */
function checkedText(name: string, value: string): string {
  if (!valuePattern.test(value)) throw new TypeError(`metadata "${name}": the value is not printable ASCII`);
  return value.trim();
}
