// Which watches the bench of a busy node opens, and which puts it makes: for those who open them, and for those who count.

const GROUPS = 100;
/** Values of the keys that watches want which never read: a few of them are more than the windows of a stream hold. */
const LARGE_BYTES = 64 * 1024;

/** One in a hundred never reads; all these want group 0, the others one of a hundred groups of keys, or what half of them want. */
export function planOf(n) {
  const isLazy = n % 100 === 50;
  if (isLazy) return { isLazy, prefix: 'w/0/' };
  return { isLazy, prefix: n % 2 === 0 ? `w/${(n >> 1) % GROUPS}/` : 'all/' };
}

/** Put `n`: once a second one that half of all want, else one for a group. The value begins with when it was sent. */
export function putAt(n, rate, nowMs) {
  const prefix = prefixAt(n, rate);
  return { key: `${prefix}x`, value: `${nowMs} `.padEnd(prefix === 'w/0/' ? LARGE_BYTES : 16, '.') };
}

function prefixAt(n, rate) {
  return n % rate === 0 ? 'all/' : `w/${n % GROUPS}/`;
}

/** Events that the watches which read get of so many puts. */
export function eventsOf(watches, puts, rate) {
  const readers = new Map();
  for (let n = 0; n < watches; n += 1) {
    const { isLazy, prefix } = planOf(n);
    if (!isLazy) readers.set(prefix, (readers.get(prefix) ?? 0) + 1);
  }
  let events = 0;
  for (let n = 0; n < puts; n += 1) events += readers.get(prefixAt(n, rate)) ?? 0;
  return events;
}
