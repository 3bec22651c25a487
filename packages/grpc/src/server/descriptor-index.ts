/**
 * Finds the .proto file of a symbol in serialized `google.protobuf.FileDescriptorProto`s. Field numbers are those of descriptor.proto. The bytes
 * come from whoever owns the services and are trusted to be well formed; if they are not, making the index throws.
 */
import { readFields, textOf } from './protobuf.js';

/** One file. */
export interface IndexedFile {
  readonly name: string;
  /** The serialized descriptor, as it was given. */
  readonly bytes: Uint8Array;
  /** Names of the files it imports. */
  readonly imports: readonly string[];
}

/** Files by name, by the symbols they declare, and by the extensions. */
export class DescriptorIndex {
  readonly #files = new Map<string, IndexedFile>();
  readonly #symbols = new Map<string, IndexedFile>();
  /** By the extended type, then by number. */
  readonly #extensions = new Map<string, Map<number, IndexedFile>>();
  readonly #services: string[] = [];

  constructor(files: Iterable<Uint8Array>) {
    for (const bytes of files) this.#addFile(bytes);
  }

  /** Full names of all services declared, in order. */
  get services(): readonly string[] {
    return this.#services;
  }

  file(name: string): IndexedFile | undefined {
    return this.#files.get(name);
  }

  /** The file that declares a message, field, enum, enum value, service, method or extension. */
  fileOfSymbol(symbol: string): IndexedFile | undefined {
    return this.#symbols.get(symbol.startsWith('.') ? symbol.slice(1) : symbol);
  }

  fileOfExtension(type: string, number: number): IndexedFile | undefined {
    return this.#extensions.get(type)?.get(number);
  }

  /** Whether the type is declared here. */
  hasSymbol(type: string): boolean {
    return this.#symbols.has(type);
  }

  /** Numbers of all extensions of a type. */
  extensionNumbers(type: string): readonly number[] {
    return [...(this.#extensions.get(type)?.keys() ?? [])].sort((a, b) => a - b);
  }

  /** The file and all it imports, directly or not, as far as they are here; itself first. */
  withImports(file: IndexedFile): readonly IndexedFile[] {
    const found = new Set([file]);
    for (const each of found) {
      for (const name of each.imports) {
        const imported = this.#files.get(name);
        if (imported !== undefined) found.add(imported);
      }
    }
    return [...found];
  }

  #addFile(bytes: Uint8Array): void {
    const fields = [...readFields(bytes)];
    const textField = (number: number): string =>
      textOf(fields.find((each) => each.number === number)?.bytes ?? bytes.subarray(0, 0));
    const imports = fields.filter((each) => each.number === 3).map((each) => textOf(each.bytes));
    const file: IndexedFile = { name: textField(1), bytes, imports };
    if (this.#files.has(file.name)) return;
    this.#files.set(file.name, file);
    const scope = textField(2);
    for (const { number, bytes: part } of fields) {
      if (number === 4) this.#addMessage(file, scope, part);
      else if (number === 5) this.#addEnum(file, scope, part);
      else if (number === 6) this.#addService(file, scope, part);
      else if (number === 7) this.#addExtension(file, scope, part);
    }
  }

  #addMessage(file: IndexedFile, scope: string, bytes: Uint8Array): void {
    const name = this.#addSymbol(file, scope, bytes);
    for (const { number, bytes: part } of readFields(bytes)) {
      if (number === 2 || number === 8) this.#addSymbol(file, name, part);
      else if (number === 3) this.#addMessage(file, name, part);
      else if (number === 4) this.#addEnum(file, name, part);
      else if (number === 6) this.#addExtension(file, name, part);
    }
  }

  /** Values of an enum stand beside it, not within it. */
  #addEnum(file: IndexedFile, scope: string, bytes: Uint8Array): void {
    this.#addSymbol(file, scope, bytes);
    for (const { number, bytes: part } of readFields(bytes)) if (number === 2) this.#addSymbol(file, scope, part);
  }

  #addService(file: IndexedFile, scope: string, bytes: Uint8Array): void {
    const name = this.#addSymbol(file, scope, bytes);
    this.#services.push(name);
    for (const { number, bytes: part } of readFields(bytes)) if (number === 2) this.#addSymbol(file, name, part);
  }

  #addExtension(file: IndexedFile, scope: string, bytes: Uint8Array): void {
    this.#addSymbol(file, scope, bytes);
    const fields = [...readFields(bytes)];
    const extended = fields.find((each) => each.number === 2);
    const number = fields.find((each) => each.number === 3)?.int ?? 0;
    const type = extended === undefined ? '' : textOf(extended.bytes).replace(/^\./, '');
    const numbers = this.#extensions.get(type) ?? new Map<number, IndexedFile>();
    numbers.set(number, file);
    this.#extensions.set(type, numbers);
  }

  /** Every kind of declaration has its name in field 1. Returns the full name. */
  #addSymbol(file: IndexedFile, scope: string, bytes: Uint8Array): string {
    const own = [...readFields(bytes)].find((each) => each.number === 1);
    const name = own === undefined ? '' : textOf(own.bytes);
    const full = scope === '' ? name : `${scope}.${name}`;
    this.#symbols.set(full, file);
    return full;
  }
}
