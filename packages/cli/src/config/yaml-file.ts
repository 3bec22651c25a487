/** Reads a configuration file: a YAML map of option names to values, with the line of each for messages. */
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';

/** One entry of the file. */
export interface FileEntry {
  readonly value: unknown;
  readonly line: number;
}

export interface FileContent {
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** Sentences that begin with `path:line:column:`. */
  readonly problems: readonly string[];
}

/** The largest configuration file read, in bytes. */
export const configFileBytesMax = 1024 * 1024;

/** Parses the text of the file at `path`. Never throws: what is wrong is told in `problems`. */
export function parseYamlFile(path: string, text: string): FileContent {
  const entries = new Map<string, FileEntry>();
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = counter.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) return { entries, problems: faults.map((fault) => `${at(fault.pos[0])}: ${fault.message}`) };
  const root = document.contents;
  if (root === null) return { entries, problems: [] };
  if (!isMap(root)) {
    return { entries, problems: [`${at(root.range?.[0] ?? 0)}: expected a map of options, such as "nodeId: 1"`] };
  }
  const problems: string[] = [];
  for (const pair of root.items) {
    const key: unknown = pair.key;
    const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    if (!isScalar(key) || typeof key.value !== 'string') {
      problems.push(`${at(offset)}: an option's name must be plain text`);
      continue;
    }
    try {
      entries.set(key.value, { value: toPlain(pair.value, document), line: counter.linePos(offset).line });
    } catch (error) {
      // Too many aliases, the one thing that is found only while a value is built.
      problems.push(`${at(offset)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { entries, problems };
}

function toPlain(node: unknown, document: ReturnType<typeof parseDocument>): unknown {
  if (typeof node !== 'object' || node === null || !('toJS' in node) || typeof node.toJS !== 'function') return null;
  // The limit refuses alias bombs; aliases have little use in such a small file.
  const value: unknown = node.toJS(document, { maxAliasCount: 10 });
  return value;
}
