import type { Endpoint } from '@evenly/endpoints';

/**
 * The endpoints that Kubernetes' topology hints are for in this zone. As kube-proxy has it (KEP-2433): all of them where
 * one has no hints, for they are being set or removed, and where none is for the zone, or it is not known.
 */
export function hintedFor(endpoints: readonly Endpoint[], zone: string): readonly Endpoint[] {
  if (zone === '' || endpoints.some(({ forZones }) => forZones === undefined)) return endpoints;
  const hinted = endpoints.filter(({ forZones }) => forZones!.includes(zone));
  return hinted.length > 0 ? hinted : endpoints;
}
