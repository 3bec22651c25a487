// The part of Clojure's data notation that history files use: nil, numbers, keywords, strings, vectors and maps.

/** A value of a history file. `text` of nil, numbers and keywords is as written. */
export type EdnValue =
  | { readonly kind: 'nil' | 'number' | 'keyword' | 'string'; readonly text: string }
  | { readonly kind: 'vector'; readonly items: readonly EdnValue[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, EdnValue> };

/** The text is not of that notation. */
export class EdnSyntaxError extends Error {
  readonly code = 'EDN_SYNTAX';

  constructor(text: string, place: number, wanted: string) {
    super(`${wanted} expected at character ${place + 1} of: ${text.slice(0, 120)}`);
    this.name = 'EdnSyntaxError';
  }
}

/** Depth of vectors and maps in each other; histories have one or two. */
const DEPTH_MAX = 16;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };

class EdnReader {
  readonly #text: string;
  #place = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): EdnValue {
    const value = this.#readValue(DEPTH_MAX);
    this.#skipBlank();
    if (this.#place < this.#text.length) this.#fail('the end');
    return value;
  }

  #readValue(depth: number): EdnValue {
    if (depth === 0) this.#fail('a value without further nesting');
    this.#skipBlank();
    switch (this.#text[this.#place]) {
      case '[':
        return { kind: 'vector', items: this.#readUntil(']', depth) };
      case '{':
        return { kind: 'map', entries: this.#entriesOf(this.#readUntil('}', depth)) };
      case '"':
        return { kind: 'string', text: this.#readString() };
      default:
        return this.#readWord();
    }
  }

  #readUntil(end: string, depth: number): EdnValue[] {
    this.#place += 1;
    const items: EdnValue[] = [];
    for (this.#skipBlank(); this.#text[this.#place] !== end; this.#skipBlank()) items.push(this.#readValue(depth - 1));
    this.#place += 1;
    return items;
  }

  #entriesOf(items: readonly EdnValue[]): Map<string, EdnValue> {
    const entries = new Map<string, EdnValue>();
    for (let index = 0; index < items.length; index += 2) {
      const [key, value] = items.slice(index, index + 2);
      if (key?.kind !== 'keyword' || value === undefined) this.#fail('a map of keywords and values before here');
      else entries.set(key.text, value);
    }
    return entries;
  }

  #readString(): string {
    let read = '';
    for (this.#place += 1; this.#text[this.#place] !== '"'; this.#place++) {
      const character = this.#text[this.#place];
      if (character === undefined) this.#fail('"');
      if (character !== '\\') {
        read += character;
        continue;
      }
      this.#place += 1;
      const escaped = ESCAPES[this.#text[this.#place] ?? ''];
      if (escaped === undefined) this.#fail('one of \\n \\t \\r \\" \\\\');
      read += escaped;
    }
    this.#place += 1;
    return read;
  }

  #readWord(): EdnValue {
    const text = /^[^\s,[\]{}"]+/.exec(this.#text.slice(this.#place, this.#place + 256))?.[0] ?? '';
    const kind = wordKind(text);
    if (kind === undefined) return this.#fail('a value');
    this.#place += text.length;
    return { kind, text };
  }

  #skipBlank(): void {
    while (/[\s,]/.test(this.#text[this.#place] ?? '')) this.#place += 1;
  }

  #fail(wanted: string): never {
    throw new EdnSyntaxError(this.#text, this.#place, wanted);
  }
}

function wordKind(text: string): 'nil' | 'number' | 'keyword' | undefined {
  if (text === 'nil') return 'nil';
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return 'number';
  return /^:[^:]+$/.test(text) ? 'keyword' : undefined;
}

/** Reads one value that is the whole text; throws `EdnSyntaxError`. */
export function readEdn(text: string): EdnValue {
  return new EdnReader(text).readAll();
}

/** A text that differs when the values differ. */
export function canonicalEdn(value: EdnValue): string {
  switch (value.kind) {
    case 'string':
      return JSON.stringify(value.text);
    case 'vector':
      return `[${value.items.map(canonicalEdn).join(' ')}]`;
    case 'map':
      return `{${[...value.entries]
        .map(([key, item]) => `${key} ${canonicalEdn(item)}`)
        .sort()
        .join(', ')}}`;
    default:
      return value.text;
  }
}
