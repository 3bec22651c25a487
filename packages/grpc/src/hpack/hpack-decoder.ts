/**
 * Decodes field blocks (RFC 7541, sections 3 and 6). What it must never do: let its dynamic table differ from the peer's. So a list over the
 * limit is decoded to its end all the same, and everything else that is wrong ends the connection.
 */
import type { HeaderList } from '../base/header-list.js';
import { BlockMemo } from './block-memo.js';
import { BlockReader } from './block-reader.js';
import { DynamicTable, entryOverheadBytes, tableBytesInitial } from './dynamic-table.js';
import { HpackError } from './hpack-error.js';
import { staticEntries, staticNames, staticValues } from './static-table.js';

/** Default of {@link HpackDecoderOptions.stringBytesMax}. */
export const hpackStringBytesMax = 65_536;

export interface HpackDecoderOptions {
  /**
   * SETTINGS_HEADER_TABLE_SIZE as this side announces it: the most the peer may make the table. A peer that has not seen it yet goes
   * by the initial 4,096, so a smaller one counts from `setTableBytesMax` on.
   */
  readonly tableBytesMax: number;
  /** Most octets of a list, each field counting 32 beside its own (RFC 9113, 6.5.2). */
  readonly headerListBytesMax: number;
  /** Most octets of one name or value, after Huffman decoding. */
  readonly stringBytesMax?: number;
}

/** The decoder of one connection's receiving direction. */
export class HpackDecoder {
  readonly #headerListBytesMax: number;
  readonly #reader: BlockReader;
  readonly #table: DynamicTable;
  readonly #memo = new BlockMemo();
  #tableBytesMax: number;
  /** The limit was lowered below the table's size: the next block has to begin with an update (RFC 7541, 4.2). */
  #mustUpdate = false;
  /** Set when the block in hand changed the table. */
  #hasChangedTable = false;
  #list: string[] = [];
  #listBytes = 0;

  constructor(options: HpackDecoderOptions) {
    this.#headerListBytesMax = options.headerListBytesMax;
    this.#tableBytesMax = Math.max(tableBytesInitial, options.tableBytesMax);
    this.#reader = new BlockReader(options.stringBytesMax ?? hpackStringBytesMax);
    this.#table = new DynamicTable(tableBytesInitial);
  }

  /** The peer has acknowledged a SETTINGS_HEADER_TABLE_SIZE: the first one if it is below 4,096, and every later one. */
  setTableBytesMax(bytesMax: number): void {
    this.#tableBytesMax = bytesMax;
    if (bytesMax >= this.#table.bytesMax) return;
    this.#mustUpdate = true;
    this.#memo.clear();
  }

  /**
   * Decodes one complete block, which lies in `bytes` between `from` and `to`. Undefined: the list is over the limit, and the connection can go on. Equal blocks may give the same
   * list. Throws {@link HpackError}; then the connection must end.
   */
  decode(bytes: Uint8Array, from = 0, to = bytes.length): HeaderList | undefined {
    const known = this.#memo.find(bytes, from, to);
    if (known !== undefined) return known;
    this.#list = [];
    this.#listBytes = 0;
    this.#hasChangedTable = false;
    this.#reader.start(bytes, from, to);
    this.#readUpdates();
    while (!this.#reader.isAtEnd) this.#readField();
    this.#reader.clear();
    const list = this.#list;
    this.#list = [];
    const isWithinLimit = this.#listBytes <= this.#headerListBytesMax;
    if (this.#hasChangedTable) this.#memo.clear();
    else if (isWithinLimit) this.#memo.keep(bytes, from, to, list);
    return isWithinLimit ? list : undefined;
  }

  /** Updates of the table size stand at the start of a block only (RFC 7541, 4.2). */
  #readUpdates(): void {
    while (!this.#reader.isAtEnd && (this.#reader.peek() & 0xe0) === 0x20) {
      const bytesMax = this.#reader.integer(5);
      if (bytesMax > this.#tableBytesMax) {
        throw new HpackError(
          'BAD_TABLE_SIZE_UPDATE',
          `table size ${bytesMax} is over the limit ${this.#tableBytesMax}`,
        );
      }
      this.#table.resize(bytesMax);
      this.#mustUpdate = false;
      this.#hasChangedTable = true;
    }
    if (this.#mustUpdate) {
      throw new HpackError('BAD_TABLE_SIZE_UPDATE', 'the table size was lowered, and no update began the block');
    }
  }

  #readField(): void {
    const first = this.#reader.peek();
    if (first >= 0x80) this.#readIndexed();
    else if (first >= 0x40) this.#readLiteral(6, true);
    else if (first < 0x20) this.#readLiteral(4, false);
    else throw new HpackError('BAD_TABLE_SIZE_UPDATE', 'table size update behind a field');
  }

  #readIndexed(): void {
    const index = this.#reader.integer(7);
    if (index <= staticEntries) {
      if (index === 0) throw new HpackError('INDEX_OUT_OF_RANGE', 'field with index 0');
      this.#emit(staticNames[index] ?? '', staticValues[index] ?? '');
      return;
    }
    const dynamicIndex = this.#dynamicIndex(index);
    this.#emit(this.#table.nameAt(dynamicIndex), this.#table.valueAt(dynamicIndex));
  }

  #readLiteral(prefixBits: number, isAdded: boolean): void {
    const name = this.#literalName(this.#reader.integer(prefixBits));
    const value = this.#reader.string();
    this.#emit(name, value);
    if (!isAdded) return;
    this.#table.add(name, value);
    this.#hasChangedTable = true;
  }

  #literalName(index: number): string {
    if (index === 0) return this.#reader.string();
    return index <= staticEntries ? (staticNames[index] ?? '') : this.#table.nameAt(this.#dynamicIndex(index));
  }

  #dynamicIndex(index: number): number {
    const dynamicIndex = index - staticEntries;
    if (dynamicIndex > this.#table.entries) {
      throw new HpackError('INDEX_OUT_OF_RANGE', `index ${index} of ${staticEntries + this.#table.entries} entries`);
    }
    return dynamicIndex;
  }

  #emit(name: string, value: string): void {
    this.#listBytes += name.length + value.length + entryOverheadBytes;
    if (this.#listBytes <= this.#headerListBytesMax) this.#list.push(name, value);
    // What will be refused anyway is not collected.
    else if (this.#list.length > 0) this.#list = [];
  }
}
