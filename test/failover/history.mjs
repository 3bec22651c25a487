/**
 * What every client asked and was answered, key by key, in the notation that `npm run check-history` reads: registers with `read` and `cas`. Keys are
 * independent of each other, so each has a file, and a verdict, of its own.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class History {
  #linesByKey = new Map();
  operations = 0;

  /** Notes a question; returns how to note what came of it: `ok`, `fail` (certainly not done) or `info` (nobody knows). */
  begin(process, key, action, value) {
    this.operations += 1;
    const lines = this.#linesOf(key);
    lines.push(line(process, 'invoke', action, value));
    return (type, answer = value) => {
      lines.push(line(process, type, action, answer));
    };
  }

  get keys() {
    return [...this.#linesByKey.keys()];
  }

  textOf(key) {
    return `${this.#linesOf(key).join('\n')}\n`;
  }

  /** Writes a file per key. */
  writeTo(folder) {
    mkdirSync(folder, { recursive: true });
    for (const key of this.keys) writeFileSync(join(folder, `${key.replaceAll('/', '-')}.txt`), this.textOf(key));
  }

  #linesOf(key) {
    const lines = this.#linesByKey.get(key) ?? [];
    this.#linesByKey.set(key, lines);
    return lines;
  }
}

/** Numbers and nil are written as they are; two of them are what a compare-and-set replaces, and by what. */
function line(process, type, action, value) {
  const shown = Array.isArray(value) ? `[${value.map(edn).join(' ')}]` : edn(value);
  return `{:process ${process}, :type :${type}, :f :${action}, :value ${shown}}`;
}

function edn(value) {
  return value === undefined ? 'nil' : String(value);
}
