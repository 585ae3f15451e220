import type { HeaderInput } from '@evenly/http2';

/* Header fields as node:http has them: a flat list of names and values, as they came. */

/** Those of one connection (RFC 9110 §7.6.1), beside what `Connection` names. */
const connectionFields: readonly string[] =
  'connection keep-alive proxy-connection transfer-encoding upgrade'.split(' ');

/** The fields that go on to the next hop, names in lower case. @param dropped others that do not */
export function endToEndFields(
  rawHeaders: readonly string[],
  dropped: readonly string[] = [],
): HeaderInput[] {
  const named = tokensOf(valuesOf(rawHeaders, 'connection'));
  const ends = new Set([...connectionFields, ...dropped, ...named]);
  const fields: HeaderInput[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!ends.has(name)) fields.push([name, rawHeaders[index + 1]!]);
  }
  return fields;
}

export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name);
}

/** The members of a list, in lower case. */
export const tokensOf = (values: readonly string[]) =>
  values
    .join(',')
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');

/** HTTP/2 has values with control characters (RFC 9113 §8.2.1), HTTP/1.1 has not (RFC 9110 §5.5). */
export const printable = (value: string) => value.replace(/[\0-\x08\x0a-\x1f\x7f]/g, ' ');
