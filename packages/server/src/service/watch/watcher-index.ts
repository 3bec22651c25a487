/**
 * Which watchers want a key. Watchers of one key and of a prefix are found by looking up the key and its beginnings, as many as there are different
 * lengths; only those of other ranges are asked one by one. So 10,000 watchers on different keys cost a change no more than one.
 */
import { Buffer } from 'node:buffer';
import { compareBytes } from '@kvorum/core/base/bytes.js';

/** The keys a watcher wants. */
export type WatchedKeys =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'prefix'; readonly prefix: Uint8Array }
  | { readonly kind: 'range'; readonly start: Uint8Array; readonly end: Uint8Array | undefined };

/** A set of watchers by what they want. */
export class WatcherIndex<W extends { readonly keys: WatchedKeys }> {
  private readonly byKey = new Map<string, Set<W>>();
  private readonly byPrefix = new Map<string, Set<W>>();
  /** Watchers by prefix length. */
  private readonly prefixLengths = new Map<number, number>();
  private readonly ranges = new Set<W>();

  add(watcher: W): void {
    const { keys } = watcher;
    if (keys.kind === 'key') addTo(this.byKey, nameOf(keys.key), watcher);
    else if (keys.kind === 'range') this.ranges.add(watcher);
    else if (addTo(this.byPrefix, nameOf(keys.prefix), watcher)) {
      const { length } = keys.prefix;
      this.prefixLengths.set(length, (this.prefixLengths.get(length) ?? 0) + 1);
    }
  }

  delete(watcher: W): void {
    const { keys } = watcher;
    if (keys.kind === 'key') deleteFrom(this.byKey, nameOf(keys.key), watcher);
    else if (keys.kind === 'range') this.ranges.delete(watcher);
    else if (deleteFrom(this.byPrefix, nameOf(keys.prefix), watcher)) {
      const { length } = keys.prefix;
      const left = (this.prefixLengths.get(length) ?? 1) - 1;
      if (left === 0) this.prefixLengths.delete(length);
      else this.prefixLengths.set(length, left);
    }
  }

  /** All watchers that want `key`, in an order that depends only on the order of `add`. */
  match(key: Uint8Array): readonly W[] {
    const found: W[] = [];
    if (this.byKey.size > 0 || this.byPrefix.size > 0) {
      const name = nameOf(key);
      pushAll(found, this.byKey.get(name));
      for (const length of this.prefixLengths.keys()) {
        if (length <= name.length) pushAll(found, this.byPrefix.get(name.slice(0, length)));
      }
    }
    for (const watcher of this.ranges) if (isInRange(watcher.keys, key)) found.push(watcher);
    return found;
  }
}

function isInRange(keys: WatchedKeys, key: Uint8Array): boolean {
  if (keys.kind !== 'range' || compareBytes(key, keys.start) < 0) return false;
  return keys.end === undefined || compareBytes(key, keys.end) < 0;
}

/** One character per byte. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function pushAll<W>(found: W[], watchers: ReadonlySet<W> | undefined): void {
  if (watchers !== undefined) for (const watcher of watchers) found.push(watcher);
}

/** Whether it is the first of this name. */
function addTo<W>(map: Map<string, Set<W>>, name: string, watcher: W): boolean {
  const known = map.get(name);
  if (known === undefined) map.set(name, new Set([watcher]));
  else known.add(watcher);
  return known === undefined;
}

/** Whether it was the last of this name. */
function deleteFrom<W>(map: Map<string, Set<W>>, name: string, watcher: W): boolean {
  const known = map.get(name);
  if (known?.delete(watcher) !== true || known.size > 0) return false;
  map.delete(name);
  return true;
}
