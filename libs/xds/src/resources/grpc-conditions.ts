import { headerHolds, type HeaderMatch, type PathMatch, type Route } from '@evenly/mesh-config';
import { escapedRegex } from './path-rewrite.ts';

/**
 * gRPC clients choose a route by the metadata of the application, before the transport adds what every call has on the
 * wire (gRFC A28): a condition on that would never hold. What is the same for all calls is settled here instead.
 */
const methodOfCalls = 'POST'; // gRPC over HTTP/2, "Requests"
/** grpc-go (1.85) does not know the content type either when it chooses (run: findings/); the others take it for this one, as gRFC A28 has it. */
const sameForAll: Readonly<Record<string, string>> = { te: 'trailers', 'content-type': 'application/grpc' };

/** These differ from call to call, or from client to client: nobody but the transport knows them. */
const unknown: ReadonlySet<string> = new Set([
  'user-agent',
  'grpc-timeout',
  'grpc-encoding',
  'grpc-accept-encoding',
  'grpc-previous-rpc-attempts',
]);
/** Every call has it, whatever it says. */
const alwaysThere = 'user-agent';

/** A route as gRPC clients can follow it; undefined: no call of theirs takes it, or they cannot tell which does. */
export function grpcRoute(route: Route): Route | undefined {
  const { method, headers, query, ...match } = route.match;
  if (query !== undefined && query.length > 0) return undefined; // a gRPC path has none
  if (method !== undefined && method !== methodOfCalls) return undefined;
  const verdicts = headers.map((header) => [header, verdictOn(header)] as const);
  if (verdicts.some(([, verdict]) => verdict === 'never' || verdict === 'unknown')) return undefined;
  const asked = verdicts.flatMap(([header, verdict]) => (verdict === 'ask' ? header : []));
  return { ...route, match: { ...match, path: inOldWords(match.path), headers: asked } };
}

/** They know no `path_separated_prefix` (gRFC A28), and would refuse the resource. */
function inOldWords(path: PathMatch): PathMatch {
  if (path.kind !== 'segments') return path;
  return { kind: 'regex', value: `${escapedRegex(path.value)}(/.*)?` };
}

/** Names of the headers for whose sake a route is kept from gRPC clients, though it may be meant for some of their calls. */
export function unknownToGrpc({ match }: Route): string[] {
  if (match.method !== undefined && match.method !== methodOfCalls) return [];
  const verdicts = match.headers.map((header) => ({ header, verdict: verdictOn(header) }));
  if (verdicts.some(({ verdict }) => verdict === 'never')) return [];
  return verdicts.filter(({ verdict }) => verdict === 'unknown').map(({ header }) => header.name);
}

function verdictOn(match: HeaderMatch): 'always' | 'never' | 'unknown' | 'ask' {
  const value = sameForAll[match.name];
  if (value !== undefined) return headerHolds(match, value) ? 'always' : 'never';
  if (match.name === alwaysThere && match.kind === 'present') return match.invert ? 'never' : 'always';
  return unknown.has(match.name) ? 'unknown' : 'ask';
}
