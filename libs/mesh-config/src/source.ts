/** Which endpoints a service has now, and who says so. */
export type Source = DnsSrvSource | DnsASource | KubernetesSource | StaticSource | FileSource | MergedSource;

/** SRV records: addresses, ports, priorities and weights. */
export interface DnsSrvSource {
  kind: 'dns-srv';
  /** Such as `_grpc._tcp.be1-srv.default.svc.cluster.local`. */
  name: string;
  /** The longest time between two look-ups. */
  refreshMs: number;
}

/** A and AAAA records; the port is the same for all. */
export interface DnsASource {
  kind: 'dns-a';
  name: string;
  port: number;
  refreshMs: number;
}

/** The EndpointSlices of a Kubernetes Service. */
export interface KubernetesSource {
  kind: 'kubernetes';
  service: string;
  namespace: string;
  /** The name of the Service's port, or the number that its pods listen on (EndpointSlices carry the target port). */
  port: string | number;
}

/** Endpoints that never change. */
export interface StaticSource {
  kind: 'static';
  endpoints: readonly StaticEndpoint[];
}

export interface StaticEndpoint {
  /** IPv4 or IPv6, never a name: xDS clients refuse names (gRFC A27). A `dns-a` source takes names. */
  address: string;
  port: number;
  /** Other IP addresses of the same endpoint, with the same port. At most 8. */
  additionalAddresses?: readonly string[];
  /** Share of calls relative to the other endpoints; absent = 1. */
  weight?: number;
  /** Absent = the service's locality. */
  region?: string;
  zone?: string;
  /** For people to read. */
  hostname?: string;
}

/** A live file with endpoints: a list of them under `endpoints:`, in the form of a `static` source's. */
export interface FileSource {
  kind: 'file';
  /** Readers make it relative to the config file's own directory, so that both can be moved together. */
  path: string;
}

/** All endpoints of several sources together. */
export interface MergedSource {
  kind: 'merged';
  /** At least one; none of them is merged itself. */
  sources: readonly Exclude<Source, MergedSource>[];
}
