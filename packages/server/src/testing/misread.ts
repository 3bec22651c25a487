/** A silent corruption for tests and the simulator: a replica that carries out another value than the log says (R14). */
import { COMMAND_PUT } from '@kvorum/core/kv/command.js';
import { CommandCursor } from '@kvorum/core/kv/entry-codec.js';

/** The entry with `mask` applied to a byte of the first value that an unconditional put writes; undefined when it holds none. */
export function misreadPut(entry: Uint8Array, mask: number): Uint8Array | undefined {
  const cursor = new CommandCursor();
  cursor.open(entry);
  while (cursor.next()) {
    if (cursor.type !== COMMAND_PUT || cursor.flags !== 0 || cursor.restStart === cursor.restEnd) continue;
    const misread = entry.slice();
    misread[cursor.restStart] = (misread[cursor.restStart] ?? 0) ^ mask;
    return misread;
  }
  return undefined;
}
