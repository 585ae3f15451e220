import type { HeaderField } from './field.ts';

/**
 * Joins `cookie` crumbs into one field with `'; '` (RFC 9113 §8.2.3): needed when a request leaves HTTP/2.
 * Between HTTP/2 hops they stay as they are.
 */
export function joinCookies(fields: readonly HeaderField[]): readonly HeaderField[] {
  const crumbs = fields.filter((field) => field.name === 'cookie');
  if (crumbs.length < 2) return fields;
  const value = crumbs.map((crumb) => crumb.value).join('; ');
  const joined = { name: 'cookie', value, sensitive: crumbs.some((crumb) => crumb.sensitive) };
  return [...fields.filter((field) => field.name !== 'cookie'), joined];
}
