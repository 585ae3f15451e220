import type { Endpoint } from '@evenly/endpoints';

/** A service, as far as endpoints and policy go: what `docs/mesh-config.md` says of them. */
export interface Service {
  endpoints: readonly EndpointOf[];
  policy?: Policy;
  /** Where endpoints are that do not say it themselves. */
  locality?: { region?: string; zone?: string };
}

/** An endpoint of a service: one of the backends, and what the service's source says of it. */
export type EndpointOf = { at: BackendName } & Partial<
  Pick<Endpoint, 'region' | 'zone' | 'forZones' | 'forNodes' | 'priority' | 'weight' | 'state'>
>;

/** Those that answer calls, those that answer with UNAVAILABLE, and those that nobody listens at. */
export const goodBackends = ['e1', 'e2', 'e3', 'e4', 'e5', 'e6'] as const;
export const sickBackends = ['sick1', 'sick2'] as const;
export const deadBackends = ['dead1', 'dead2', 'dead3'] as const;
export type BackendName =
  (typeof goodBackends)[number] | (typeof sickBackends)[number] | (typeof deadBackends)[number];

export const isDead = ({ at }: EndpointOf) => at.startsWith('dead');
export const isSick = ({ at }: EndpointOf) => at.startsWith('sick');

export interface Policy {
  loadBalancing?: 'round-robin' | 'weighted-round-robin' | 'least-request' | 'peak-ewma' | 'random';
  zonePreference?: 'none' | 'weighted' | 'failover' | 'hints';
  subsetting?: { size: number };
  /** Of which gRPC clients know this; sick backends fail all calls. */
  outlierDetection?: {
    interval: string;
    baseEjectionTime: string;
    maxEjectionPercent: number;
    failurePercentage: { thresholdPercent: number; minimumHosts: number; requestVolume: number };
  };
}

/** Who calls, and where: the same for all carriers. */
export const viewer = { region: 'west', zone: 'a', node: 'n1' };
