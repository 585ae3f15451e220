import {
  firstService,
  type MeshConfig,
  type Policy,
  type Route,
  type Servers,
  type UpstreamTls,
} from '@evenly/mesh-config';
import type { Client } from './clients.ts';

/** How a client differs from what the docs say of a feature. A client that is not named does the same. */
export interface Difference {
  /** `approximated`: it does something close; `impossible`: nothing of the kind. */
  is: 'approximated' | 'impossible';
  /** What happens instead. */
  instead: string;
}

/** Where a config uses a feature. */
export interface Use {
  /** The service, or `listener NAME`. */
  service: string;
  /** The field, as people find it in their file. */
  field: string;
}

/** A row of the table. */
export interface Feature {
  /** For the documentation: the field, and the value where only some make a difference. */
  title: string;
  usedBy: (config: MeshConfig) => Use[];
  clients: Readonly<Partial<Record<Client, Difference>>>;
}

export const approximated = (instead: string): Difference => ({ is: 'approximated', instead });
export const impossible = (instead: string): Difference => ({ is: 'impossible', instead });

/** The same for several clients. */
export function all<T>(names: readonly Client[], value: T): Readonly<Partial<Record<Client, T>>> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** What no field asks for is in the documentation alone. */
export const ofEveryConfig: Feature['usedBy'] = () => [];

/** A field of a service's policy: used where the test holds. */
export const ofPolicy =
  (field: string, isUsed: (policy: Policy) => boolean): Feature['usedBy'] =>
  ({ services }) =>
    [...services.values()]
      .filter(({ policy }) => isUsed(policy))
      .map(({ name: service }) => ({ service, field }));

/** A field of what a service's own gRPC servers are told: used where the test holds. */
export const ofServers =
  (field: string, isUsed: (servers: Servers) => boolean): Feature['usedBy'] =>
  ({ services }) =>
    [...services.values()]
      .filter(({ servers }) => servers !== undefined && isUsed(servers))
      .map(({ name: service }) => ({ service, field }));

/** The `tls` of a service: used where the test holds. */
export const ofTls =
  (isMeant: (tls: UpstreamTls) => boolean): Feature['usedBy'] =>
  ({ services }) =>
    [...services.values()]
      .filter(({ tls }) => tls !== undefined && isMeant(tls))
      .map(({ name: service }) => ({ service, field: 'tls' }));

/** A field of a route, be it of the whole config or of a listener: used where the test holds. */
export const ofRoutes =
  (field: string, isUsed: (route: Route) => boolean): Feature['usedBy'] =>
  ({ routes, listeners }) =>
    [...routes, ...listeners.flatMap((listener) => listener.routes ?? [])].filter(isUsed).map((route) => ({
      service: serviceOf(route),
      field: `${field} of route ${route.name ?? 'without a name'}`,
    }));

/** Of whom a use is: the first that the route leads to. */
export const serviceOf = (route: Route): string => firstService(route) ?? 'none';
