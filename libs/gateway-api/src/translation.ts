import type { Listener, Service } from '@evenly/mesh-config';
import type { GatewayInfrastructure } from './infrastructure/gateway-infrastructure.ts';
import type { ServiceRoutes } from './routes/service-routes.ts';
import type { ObjectStatus } from './status/object-status.ts';

/** What the objects of a cluster come to. What is the same as last time is the same object. */
export interface Translation {
  /** Ports of Services that routes lead to, by name. */
  services: ReadonlyMap<string, Service>;
  /** Of all Gateways: `gateway/NS/NAME/PORT`. */
  listeners: readonly Listener[];
  /** For those who call Services directly. */
  serviceRoutes: readonly ServiceRoutes[];
  /** Of each object that is ours or might have been. Whoever writes them leaves out those that are written already. */
  statuses: readonly ObjectStatus[];
  /** What shall run for each Gateway that is accepted. */
  infrastructure: readonly GatewayInfrastructure[];
}
