import { X509Certificate } from 'node:crypto';
import { spiffeIdFault } from './spiffe-id.ts';

/** Names that a client's certificate proves: its SPIFFE id and DNS names. The subject's CN is none (RFC 9525). */
export interface ClientIdentity {
  /** Absent without one. */
  spiffeId?: string;
  dnsNames: string[];
  /** Why the certificate proves nothing at all; absent when it does. */
  fault?: string;
}

/** One entry of node's text form of the extension; a value with a comma or a quote in it stands in JSON quotes. */
const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** @param der the certificate as it came in the handshake, checked against the authorities there */
export function clientIdentity(der: Buffer): ClientIdentity {
  const uris: string[] = [];
  const dnsNames: string[] = [];
  const text = new X509Certificate(der).subjectAltName ?? '';
  entry.lastIndex = 0;
  let readTo = 0;
  // Anything that is not understood ends the list: a name must never come out of the middle of another (CVE-2021-44532).
  for (let match = entry.exec(text); match !== null && match[0] !== ''; match = entry.exec(text)) {
    readTo = entry.lastIndex;
    const [, kind, raw = ''] = match;
    const value = raw.startsWith('"') ? (JSON.parse(raw) as string) : raw;
    if (kind === 'URI') uris.push(value);
    if (kind === 'DNS') dnsNames.push(value.toLowerCase());
  }
  if (readTo < text.length) return { dnsNames: [], fault: 'its alternative names cannot be read' };
  return withSpiffeId(uris, dnsNames);
}

/**
 * A certificate with a SPIFFE id has to keep to X509-SVID (§2, §4.1): one URI, which is a SPIFFE id. One that does not is
 * refused as a whole, not taken for the rest of its names. URIs of another kind prove nothing.
 */
function withSpiffeId(uris: readonly string[], dnsNames: string[]): ClientIdentity {
  const id = uris.find((uri) => /^spiffe:/i.test(uri));
  if (id === undefined) return { dnsNames };
  if (uris.length > 1) return { dnsNames: [], fault: `it has ${uris.length} URIs, one of them a SPIFFE id` };
  const fault = spiffeIdFault(id);
  return fault === undefined ? { spiffeId: id, dnsNames } : { dnsNames: [], fault: `its SPIFFE id ${fault}` };
}

/** Says which identities may come in. */
export type AllowList = (identity: ClientIdentity) => boolean;

/**
 * An allow-list from patterns: a SPIFFE id, exact or with `/*` at the end (any path below it); or a DNS name, exact or with a
 * `*` at the end (any rest).
 * @throws RangeError which pattern cannot be used, and why
 */
export function allowList(patterns: readonly string[]): AllowList {
  const tests = patterns.map((pattern) => (pattern.includes(':') ? spiffeTest(pattern) : dnsTest(pattern)));
  return (identity) => identity.fault === undefined && tests.some((test) => test(identity));
}

function spiffeTest(pattern: string): AllowList {
  const below = pattern.endsWith('/*') ? pattern.slice(0, -1) : undefined;
  const whole = below?.slice(0, -1) ?? pattern;
  if (whole.includes('*')) {
    // spiffe://example.org* would let in spiffe://example.org.evil/…, and …/ns/shop* lets in …/ns/shopping.
    throw new RangeError(`"${pattern}": a * may stand at the end only, behind a /`);
  }
  const fault = spiffeIdFault(whole);
  if (fault !== undefined) throw new RangeError(`"${pattern}" ${fault}`);
  return ({ spiffeId = '' }) => (below === undefined ? spiffeId === whole : spiffeId.startsWith(below));
}

function dnsTest(pattern: string): AllowList {
  const star = pattern.indexOf('*');
  if (star >= 0 && star < pattern.length - 1) {
    throw new RangeError(`"${pattern}": a * may stand at the end only`);
  }
  const wanted = pattern.toLowerCase();
  const matches =
    star >= 0 ? (name: string) => name.startsWith(wanted.slice(0, -1)) : (name: string) => name === wanted;
  return ({ dnsNames }) => dnsNames.some(matches);
}
