/**
 * Names whose fields may be inserted into a table. A list of what may, not of what may not: an upstream
 * connection carries many clients' calls, and whoever can insert a guess can see by the length of the next
 * block whether it was right (RFC 7541 §7.1). So only names that carry no secrets are inserted.
 */
export const indexableNames: ReadonlySet<string> = new Set([
  ':authority',
  ':method',
  ':path',
  ':scheme',
  ':status',
  'accept',
  'accept-encoding',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'content-encoding',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-status',
  'server',
  'te',
  'trailer',
  'user-agent',
  'vary',
  'via',
  'x-forwarded-proto',
]);

/** Names that are always sent never-indexed, so that later hops do not insert them either (RFC 7541 §7.1.3). */
export const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
]);
