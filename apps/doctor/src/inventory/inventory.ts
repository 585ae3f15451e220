import type { Gateway, GrpcRoute } from '@evenly/gateway-api';
import type { DisruptionBudget } from './objects/disruption-budget.ts';
import type { NamespaceObject } from './objects/namespace.ts';
import type { ServiceObject } from './objects/service.ts';
import type { Program } from './programs.ts';
import type { Workload } from './workload.ts';

/** What the API server told, as far as it was allowed to. */
export interface Inventory {
  /** Those that were looked at; none = all. */
  namespaces: readonly string[];
  services: readonly ServiceObject[];
  workloads: readonly Workload[];
  budgets: readonly DisruptionBudget[];
  /** What is said of injection, by namespace. */
  namespaceNotes: ReadonlyMap<string, NamespaceObject>;
  grpcRoutes: readonly GrpcRoute[];
  gateways: readonly Gateway[];
  /** The xds-servers and l7-proxies of Evenly among the workloads, with their configs. */
  programs: readonly Program[];
  notRead: readonly NotRead[];
}

/** Something that could not be looked at: then nothing is said of it, least of all that it is well. */
export interface NotRead {
  /** `pods`, `configmaps shop/proxy-config` */
  what: string;
  /** Undefined: the whole cluster. */
  namespace: string | undefined;
  /** Allowed by nobody, or what went wrong. */
  why: string;
  /** What cannot be known without it. */
  therefore: string;
}
