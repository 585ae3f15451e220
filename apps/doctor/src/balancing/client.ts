/**
 * By what calls reach pods:
 *
 * - `cluster-ip`: by the Service's virtual address; the node picks a pod for each connection.
 * - `headless-dns`: the client connects to the pods' addresses that DNS gave it.
 * - `client-dns-srv`, `client-api`: the client follows SRV records, or the Kubernetes API.
 * - `xds`: a control plane tells the client where pods are (proxyless gRPC).
 * - `mesh`: a service mesh's proxy balances the calls.
 * - `sidecar`, `proxy`: Evenly's l7-proxy does, in the client's pod or as a tier of its own.
 * - `gateway`: a Gateway does.
 */
export type Carrier =
  | 'cluster-ip'
  | 'headless-dns'
  | 'client-dns-srv'
  | 'client-api'
  | 'xds'
  | 'mesh'
  | 'sidecar'
  | 'proxy'
  | 'gateway';

/** What is given out: each call, each connection, or what the client's own policy says. */
export type Balances = 'calls' | 'connections' | 'as-client-says';

/** Who calls a Service, and how its calls get there. */
export interface Client {
  kind: string;
  namespace: string;
  name: string;
  carrier: Carrier;
  /** `kube-proxy`, `istio`, `xds-server mesh/xds-server`, … */
  by: string;
  balances: Balances;
  /** Where whoever balances has the pods from: `kubernetes`, `dns-srv`, … */
  endpointsFrom?: string;
  /** Its manifest names the Service as what it calls; else it is a conclusion. */
  certainty: 'seen' | 'inferred';
  /** What it was seen by, in words. */
  evidence: readonly string[];
  /** As the client writes it: `dns:///cart:50051`. */
  target?: string;
  /** The port that it names. */
  port?: string;
}
