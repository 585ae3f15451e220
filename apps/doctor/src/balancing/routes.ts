import { keyOf } from '@evenly/gateway-api';
import type { Inventory } from '../inventory/inventory.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';
import type { Calls } from './calls.ts';
import type { Split } from './served.ts';
import type { ServiceNames } from './service-names.ts';

/** Shares that a GRPCRoute gives out, by the Service that is called. */
export interface RoutedService {
  service: ServiceObject;
  split: Split;
}

/** Adds the Gateways that lead to Services. @returns the Services whose calls a GRPCRoute sends to others */
export function addRoutes(
  { grpcRoutes, gateways }: Inventory,
  names: ServiceNames,
  calls: Calls,
): { routed: RoutedService[]; backends: ReadonlySet<ServiceObject> } {
  const routed: RoutedService[] = [];
  const backends = new Set<ServiceObject>();
  for (const { meta, parentRefs, rules } of grpcRoutes) {
    const route = `GRPCRoute ${keyOf(meta)}`;
    const shares = rules
      .flatMap((rule) => ('fault' in rule ? [] : rule.backendRefs))
      .filter(({ kind, group }) => kind === 'Service' && group === '')
      .flatMap(({ name, namespace = meta.namespace, weight }) => {
        const service = names.get(namespace, name);
        return service ? [{ service, weight }] : [];
      });
    for (const { service } of shares) backends.add(service);
    for (const { kind, name, namespace = meta.namespace } of parentRefs) {
      const parent = kind === 'Service' ? names.get(namespace, name) : undefined;
      if (parent !== undefined) {
        const split = shares.map(({ service, weight }) => ({ service: keyOf(service), weight }));
        routed.push({ service: parent, split: { by: route, shares: split } });
      }
      if (kind !== 'Gateway') continue;
      const gateway = gateways.find((one) => keyOf(one.meta) === keyOf({ namespace, name }));
      for (const { service } of shares)
        calls.add(service, {
          ...{ kind: 'Gateway', namespace, name, carrier: 'gateway', balances: 'calls' },
          by: gateway === undefined ? 'a Gateway that is not seen' : `Gateway of class ${gateway.className}`,
          certainty: 'seen',
          evidence: [`${route} has it as a backend`],
        });
    }
  }
  return { routed, backends };
}
