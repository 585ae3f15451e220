import {
  listenerDefaults,
  type Listener,
  type MeshConfig,
  type Policy,
  type Route,
  type Service,
} from '@evenly/mesh-config';

const policy: Policy = { loadBalancing: 'round-robin', zonePreference: 'none', panicThresholdPercent: 50 };

export const home = { region: 'us-central1', zone: 'us-central1-a' };

/** A service with everything at its default. */
export function meshService(name: string, change: Partial<Policy> = {}, subsets: string[] = []): Service {
  const source = { kind: 'static' as const, endpoints: [] };
  return {
    name,
    source,
    locality: home,
    subsets: new Map(subsets.map((subset) => [subset, { name: subset, source }])),
    policy: { ...policy, ...change },
  };
}

export function mesh(services: Service[], more: Partial<MeshConfig> = {}): MeshConfig {
  return {
    services: new Map(services.map((service) => [service.name, service])),
    routes: [],
    listeners: [],
    ...more,
  };
}

/** A route of an authority to one service, with changes. */
export function meshRoute(authority: string, service: string, change: Partial<Route> = {}): Route {
  return {
    match: { authority, path: { kind: 'prefix', value: '' }, headers: [] },
    to: [{ service, weight: 1 }],
    ...change,
  };
}

/** A listener with everything at its default. */
export function meshListener(at: Pick<Listener, 'name' | 'address' | 'port'> & Partial<Listener>): Listener {
  return { ...listenerDefaults, ...at };
}
