/** The static table of RFC 7541, appendix A. */

/** Name and value of each entry, from index 1 on. */
const rows: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
];

/** Number of entries; the dynamic table's indexes follow. */
export const staticEntries: number = rows.length;
/** Names by index; index 0 is unused. */
export const staticNames: readonly string[] = ['', ...rows.map(([name]) => name)];
/** Values by index; index 0 is unused. */
export const staticValues: readonly string[] = ['', ...rows.map(([, value]) => value ?? '')];

/** What the static table holds under one name. */
export interface StaticName {
  /** Lowest index of the name. */
  readonly index: number;
  /** Index by value; entries without value are left out. */
  readonly values: ReadonlyMap<string, number>;
}

/** The static table by name. */
export const staticByName: ReadonlyMap<string, StaticName> = byName();

function byName(): Map<string, StaticName> {
  const result = new Map<string, { index: number; values: Map<string, number> }>();
  for (const [at, [name, value]] of rows.entries()) {
    const known = result.get(name) ?? { index: at + 1, values: new Map() };
    if (value !== undefined) known.values.set(value, at + 1);
    result.set(name, known);
  }
  return result;
}
