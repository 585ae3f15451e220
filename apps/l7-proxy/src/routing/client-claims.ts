/**
 * Fields by which proxies tell endpoints who the client is and what it asked for. Endpoints trust them, so what a client
 * that is no proxy of ours says in them goes no further: a certificate, an address or a path of its own making.
 */
const claims: ReadonlySet<string> = new Set([
  'forwarded',
  // The client's certificate: RFC 9440 §3 says that a proxy must remove them, the others are nginx's and Apache's habits.
  'client-cert',
  'client-cert-chain',
  'ssl-client-cert',
  'ssl-client-verify',
  'ssl-client-subject-dn',
  'ssl-client-issuer-dn',
  'x-client-cert',
  'x-ssl-client-cert',
  'x-ssl-client-verify',
  'x-ssl-client-subject-dn',
  'x-ssl-client-issuer-dn',
  // The client's address.
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-proxyuser-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  // Another path, host or scheme than the one that was routed.
  'x-original-url',
  'x-original-uri',
  'x-original-host',
  'x-original-method',
  'x-rewrite-url',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
]);

/**
 * With `x-forwarded-for`, `-client-cert`, `-port`, `-user` and all others, and what Envoys tell each other.
 * @param name in lower case
 */
export function isClaim(name: string): boolean {
  return name.startsWith('x-forwarded-') || name.startsWith('x-envoy-') || claims.has(name);
}
