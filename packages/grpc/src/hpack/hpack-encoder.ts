/** Encodes header lists into field blocks (RFC 7541, sections 3 and 6). Blocks must be sent in the order they were encoded in. */
import { assert } from '../base/assert.js';
import type { ByteSink } from '../base/byte-sink.js';
import type { HeaderList } from '../base/header-list.js';
import { DynamicTable, entryOverheadBytes, tableBytesInitial } from './dynamic-table.js';
import { policyOf } from './field-policy.js';
import { huffmanBytes, huffmanEncode } from './huffman-encode.js';
import { integerBytesMax, writeInteger } from './integer.js';
import { ListMemo } from './list-memo.js';
import { staticEntries } from './static-table.js';
import type { NameEntry } from './table-index.js';
import { TableIndex } from './table-index.js';

/** First octets of the representations (RFC 7541, section 6). */
const INDEXED = 0x80;
const LITERAL_INDEXED = 0x40;
const TABLE_SIZE_UPDATE = 0x20;
const LITERAL_NEVER_INDEXED = 0x10;
const LITERAL_PLAIN = 0x00;
const HUFFMAN = 0x80;

/** The encoder of one connection's sending direction. */
export class HpackEncoder {
  readonly #ownBytesMax: number;
  readonly #index = new TableIndex();
  readonly #table: DynamicTable;
  readonly #memo = new ListMemo();
  /** The smallest size since the last block, if the size changed: the peer has to evict as this side did (RFC 7541, 4.2). */
  #smallestPending: number | undefined;

  /** `tableBytesMax`: the most memory this side spends on the table, whatever the peer allows. */
  constructor(options: { readonly tableBytesMax: number }) {
    this.#ownBytesMax = options.tableBytesMax;
    this.#table = new DynamicTable(tableBytesInitial, (name, value, id) => this.#index.evicted(name, value, id));
    this.setTableBytesMax(tableBytesInitial);
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setTableBytesMax(bytesMax: number): void {
    const wanted = Math.min(bytesMax, this.#ownBytesMax);
    if (wanted === this.#table.bytesMax) return;
    this.#smallestPending = Math.min(wanted, this.#smallestPending ?? wanted);
    this.#table.resize(wanted);
    this.#memo.clear();
  }

  /** Appends the block of a list of lower-case names and latin1 values. */
  encode(headers: HeaderList, out: ByteSink): void {
    const known = this.#memo.find(headers);
    if (known !== undefined && this.#smallestPending === undefined) return out.append(known);
    const start = out.length;
    const addedBefore = this.#table.added;
    const hasUpdates = this.#smallestPending !== undefined;
    if (hasUpdates) this.#writeUpdates(out);
    for (let at = 0; at + 1 < headers.length; at += 2) this.#writeField(headers[at] ?? '', headers[at + 1] ?? '', out);
    if (this.#table.added !== addedBefore) this.#memo.clear();
    else if (!hasUpdates) this.#memo.offer(headers, out.bytes.subarray(start, out.length));
  }

  #writeUpdates(out: ByteSink): void {
    const smallest = this.#smallestPending ?? 0;
    this.#smallestPending = undefined;
    if (smallest < this.#table.bytesMax) this.#writeInteger(out, TABLE_SIZE_UPDATE, 5, smallest);
    this.#writeInteger(out, TABLE_SIZE_UPDATE, 5, this.#table.bytesMax);
  }

  #writeField(name: string, value: string, out: ByteSink): void {
    const entry = this.#index.find(name);
    const id = entry?.ids.get(value);
    if (id !== undefined) return this.#writeInteger(out, INDEXED, 7, this.#indexOf(id));
    const nameIndex = entry === undefined ? 0 : this.#nameIndex(entry);
    const policy = policyOf(name);
    const fits = name.length + value.length + entryOverheadBytes <= this.#table.bytesMax / 2;
    if (policy === 'index' && fits) {
      this.#writeLiteral(out, LITERAL_INDEXED, 6, nameIndex, name, value);
      this.#table.add(name, value);
      this.#index.added(name, value, this.#table.added - 1);
      return;
    }
    const flags = policy === 'never' ? LITERAL_NEVER_INDEXED : LITERAL_PLAIN;
    this.#writeLiteral(out, flags, 4, nameIndex, name, value);
  }

  #indexOf(id: number): number {
    return id < 0 ? -id : staticEntries + this.#table.added - id;
  }

  #nameIndex(entry: NameEntry): number {
    if (entry.staticIndex !== 0) return entry.staticIndex;
    return entry.newestId === -1 ? 0 : this.#indexOf(entry.newestId);
  }

  #writeLiteral(
    out: ByteSink,
    flags: number,
    prefixBits: number,
    nameIndex: number,
    name: string,
    value: string,
  ): void {
    this.#writeInteger(out, flags, prefixBits, nameIndex);
    if (nameIndex === 0) this.#writeString(out, name);
    this.#writeString(out, value);
  }

  #writeInteger(out: ByteSink, flags: number, prefixBits: number, value: number): void {
    out.reserve(integerBytesMax);
    out.length = writeInteger(out.bytes, out.length, flags, prefixBits, value);
  }

  #writeString(out: ByteSink, text: string): void {
    assertLatin1(text);
    out.reserve(integerBytesMax + text.length);
    const { bytes } = out;
    const encodedBytes = huffmanBytes(text);
    if (encodedBytes < text.length) {
      out.length = huffmanEncode(text, bytes, writeInteger(bytes, out.length, HUFFMAN, 7, encodedBytes));
      return;
    }
    let end = writeInteger(bytes, out.length, 0, 7, text.length);
    for (let at = 0; at < text.length; at++) bytes[end++] = text.charCodeAt(at);
    out.length = end;
  }
}

function assertLatin1(text: string): void {
  let all = 0;
  for (let at = 0; at < text.length; at++) all |= text.charCodeAt(at);
  assert(all < 0x100, 'header strings hold one octet per character');
}
