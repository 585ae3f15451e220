import type { PathMatch } from '@evenly/mesh-config';
import type { GrpcMatch } from '../objects/grpc-route.ts';
import { checked, headerMatches, literally, UnsupportedRule, type RankedMatch } from './ranked-match.ts';

/** @throws UnsupportedRule */
export function grpcMatches(matches: readonly GrpcMatch[]): RankedMatch[] {
  return (matches.length === 0 ? [{ headers: [] }] : matches).map(grpcMatch);
}

/**
 * By the API: the longer service, then the longer method, then more headers. It says nothing of regular expressions: all
 * exact names come before them here.
 */
function grpcMatch({ method, headers }: GrpcMatch): RankedMatch {
  const path = pathOf(method);
  const isExact = method?.type !== 'RegularExpression';
  const lengths = [method?.service?.length ?? 0, method?.method?.length ?? 0];
  const conditions = headerMatches(headers);
  return {
    match: { path, headers: conditions },
    rank: [...(isExact ? lengths : [0, 0]), ...(isExact ? [0, 0] : lengths), conditions.length],
  };
}

/** The path of a gRPC call is `/package.Service/Method`. */
function pathOf(given: GrpcMatch['method']): PathMatch {
  const { type, service, method } = given ?? {};
  if (service === undefined && method === undefined) return { kind: 'prefix', value: '' };
  if (type === 'RegularExpression') {
    const [one, other] = [service, method].map((part) =>
      part === undefined ? '[^/]+' : checked(type, part),
    );
    return { kind: 'regex', value: `/(?:${one})/(?:${other})` };
  }
  if (service?.includes('/') || method?.includes('/'))
    throw new UnsupportedRule('the name of a service or method has no "/"');
  if (method === undefined) return { kind: 'prefix', value: `/${service}/` };
  if (service === undefined) return { kind: 'regex', value: `/[^/]+/${literally(method)}` };
  return { kind: 'exact', value: `/${service}/${method}` };
}
