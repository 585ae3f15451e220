import { isIPv4, isIPv6 } from 'node:net';

/**
 * An IP address in the one spelling that it is compared by: `0:0:0:0:0:0:0:1` and `::1` are one. Of a set that has both,
 * C-core (grpcio 1.85.3) uses nothing, since it compares what the texts stand for; grpc-js-xds 1.14.1 and grpc-go 1.85.0,
 * which compare the texts, give the endpoint two shares of the calls.
 *
 * IPv6 as RFC 5952 §4 has it; a zone (RFC 4007 §11) stays as it is, for the machine alone knows whether `%1` and `%lo` are
 * the same. An IPv4-mapped address (RFC 4291 §2.5.5.2) becomes the IPv4 one, which is where a connection to it leads; all of
 * these clients but grpc-java 1.85.1 would count the two as two.
 * @returns undefined when it is no IP address
 */
export function canonicalAddress(text: string): string | undefined {
  if (!isIPv6(text)) return isIPv4(text) ? text : undefined;
  const [bare = '', zone] = text.split('%');
  // The URL parser is Node's cheapest, and it writes a mapped address as ::ffff:a00:1.
  const ipv6 = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [, ...mapped] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(ipv6) ?? [];
  if (mapped.length > 0) return mapped.flatMap(bytesOf).join('.');
  return zone === undefined ? ipv6 : `${ipv6}%${zone}`;
}

const bytesOf = (group: string): number[] => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff];
