import type { Endpoint } from '@evenly/endpoints';
import type { Viewer } from './viewer.ts';

/**
 * The endpoints that Kubernetes' topology hints are for on this node, or else in this zone. As kube-proxy has it (KEP-2433,
 * KEP-3015): hints of a kind count where every endpoint has them, for else they are being set or removed, and where one is
 * for the viewer; if none do, all endpoints.
 */
export function hintedFor(endpoints: readonly Endpoint[], { node, zone }: Viewer): readonly Endpoint[] {
  return (
    namedBy(endpoints, ({ forNodes }) => forNodes, node) ??
    namedBy(endpoints, ({ forZones }) => forZones, zone) ??
    endpoints
  );
}

function namedBy(
  endpoints: readonly Endpoint[],
  hintsOf: (endpoint: Endpoint) => readonly string[] | undefined,
  name: string,
): readonly Endpoint[] | undefined {
  if (name === '' || endpoints.some((endpoint) => hintsOf(endpoint) === undefined)) return undefined;
  const named = endpoints.filter((endpoint) => hintsOf(endpoint)!.includes(name));
  return named.length > 0 ? named : undefined;
}
