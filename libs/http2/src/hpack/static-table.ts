import type { HeaderField } from '../headers/field.ts';

/** The static table (RFC 7541 appendix A) as name, value; index 1 is the first. */
const rows: readonly (readonly [string, string])[] = [
  [':authority', ''],
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
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
];

/** Entries 1 to 61 at their index; index 0 is not used (RFC 7541 §6.1). */
export const staticTable: readonly HeaderField[] = [
  { name: '', value: '', sensitive: false },
  ...rows.map(([name, value]) => ({ name, value, sensitive: false })),
];

export const STATIC_ENTRIES = 61;

const indexByName = new Map<string, number>();
const indexByField = new Map<string, Map<string, number>>();
for (const [offset, [name, value]] of rows.entries()) {
  if (!indexByName.has(name)) indexByName.set(name, offset + 1);
  const values = indexByField.get(name) ?? new Map<string, number>();
  indexByField.set(name, values.set(value, offset + 1));
}

/** Index of the first static entry with this name, or 0. */
export function staticNameIndex(name: string): number {
  return indexByName.get(name) ?? 0;
}

/** Index of the static entry with this name and value, or 0. */
export function staticFieldIndex(name: string, value: string): number {
  return indexByField.get(name)?.get(value) ?? 0;
}
