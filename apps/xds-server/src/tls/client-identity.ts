import { X509Certificate } from 'node:crypto';

/** Names that a client's certificate proves: its SPIFFE ids (URI) and DNS names. The subject's CN is none (RFC 9525). */
export interface ClientIdentity {
  uris: string[];
  dnsNames: string[];
}

/** One entry of node's text form of the extension; a value with a comma or a quote in it stands in JSON quotes. */
const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** @param der the certificate as it came in the handshake, checked against the authorities there */
export function clientIdentity(der: Buffer): ClientIdentity {
  const identity: ClientIdentity = { uris: [], dnsNames: [] };
  const text = new X509Certificate(der).subjectAltName ?? '';
  entry.lastIndex = 0;
  // Anything that is not understood ends the list: a name must never come out of the middle of another (CVE-2021-44532).
  for (let match = entry.exec(text); match !== null && match[0] !== ''; match = entry.exec(text)) {
    const [, kind, raw = ''] = match;
    const value = raw.startsWith('"') ? (JSON.parse(raw) as string) : raw;
    if (kind === 'URI') identity.uris.push(value);
    if (kind === 'DNS') identity.dnsNames.push(value.toLowerCase());
  }
  return identity;
}

/** Says which identities may come in. */
export type AllowList = (identity: ClientIdentity) => boolean;

/**
 * An allow-list from patterns: a SPIFFE id or a DNS name, exact or with a `*` at the end (any rest).
 * @throws RangeError which pattern cannot be used, and why
 */
export function allowList(patterns: readonly string[]): AllowList {
  const tests = patterns.map(testOf);
  return (identity) => tests.some((test) => test(identity));
}

function testOf(pattern: string): AllowList {
  const isUri = pattern.includes('://');
  const star = pattern.indexOf('*');
  if (star >= 0 && star < pattern.length - 1) {
    throw new RangeError(`"${pattern}": a * may stand at the end only`);
  }
  if (isUri && star >= 0 && !/^[a-z][a-z0-9+.-]*:\/\/[^/*]+\//i.test(pattern)) {
    // spiffe://example.org* would let in spiffe://example.org.evil/…
    throw new RangeError(`"${pattern}": the trust domain has to be whole; write a / before the *`);
  }
  const wanted = isUri ? pattern : pattern.toLowerCase();
  const matches =
    star >= 0 ? (name: string) => name.startsWith(wanted.slice(0, -1)) : (name: string) => name === wanted;
  return ({ uris, dnsNames }) => (isUri ? uris : dnsNames).some(matches);
}
