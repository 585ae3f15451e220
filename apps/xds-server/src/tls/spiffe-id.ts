/** In bytes; an id has ASCII only (SPIFFE-ID §2.3, and §2.1 for the trust domain). */
const maxLength = 2048;
const maxTrustDomain = 255;

/**
 * Why a text is no SPIFFE id, in the strict form of the standard; undefined when it is one. Nothing is decoded, resolved or
 * lowered on the way: two ids that differ in a byte are two identities, and one that could be read as another one is none.
 * https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
 */
export function spiffeIdFault(id: string): string | undefined {
  if (id.length > maxLength) return `is longer than ${maxLength} bytes`;
  if (!id.startsWith('spiffe://')) return 'does not begin with spiffe://';
  const [trustDomain = '', ...segments] = id.slice('spiffe://'.length).split('/');
  if (trustDomain === '') return 'has no trust domain';
  if (trustDomain.length > maxTrustDomain) return `has a trust domain of more than ${maxTrustDomain} bytes`;
  // No port, user info or percent-encoding, and no upper case.
  if (!/^[a-z0-9._-]+$/.test(trustDomain))
    return 'has a trust domain with more than a-z, 0-9, ".", "-" and "_"';
  for (const segment of segments) {
    if (segment === '') return 'has an empty path segment, or ends in a slash';
    if (segment === '.' || segment === '..') return 'has a path segment "." or ".."';
    // No query, fragment or percent-encoding.
    if (!/^[a-zA-Z0-9._-]+$/.test(segment))
      return 'has a path with more than a-z, A-Z, 0-9, ".", "-" and "_"';
  }
  return undefined;
}
