import type { PodStatus } from '@evenly/local-cluster';
import type { Stage } from './stage/stage.ts';

/** A strategy of balancing, as a recipe: what to start, and with which configuration. See ../scenarios. */
export interface Scenario {
  name: string;
  /** What it is, in a sentence. */
  about: string;
  /** When to use it, in a sentence. */
  use: string;
  /** Where the local cluster is unlike a real one here, beyond what docs/scenarios.md says of all. */
  differs: string;
  /** Brings everything up, clients last. The service that is called is always be1-srv. */
  start(stage: Stage): Promise<void>;
  /** How long a comparison waits for new pods to get their share, in seconds; default 6. */
  patienceS?: number;
  /** Metadata (`name=value`) whose calls all go to the new version, whatever the shares. */
  header?: string;
  /** Why the recipe does not offer to choose pods by peak EWMA, and what to do instead. */
  withoutPeakEwma?: string;
  /** Which pods of be1-srv are to get calls; default all. */
  reaches?: (pod: PodStatus) => boolean;
}

/** What xDS clients make of peak EWMA: `inXds` of libs/xds/src/resources/load-balancing.ts, docs/client-support.md. */
export const xdsClientsChoose =
  'no gRPC client that speaks xDS has peak EWMA: grpc-js, grpc-go and C-core take round robin, grpc-java least request; ' +
  'the l7-proxy takes it by xDS';
/** Clients with nothing but gRPC. */
export const plainClientsChoose =
  "gRPC's own policies do not look at latency: @evenly/discovery brings one that does (client-dns), and so does a proxy";
