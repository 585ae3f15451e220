import type { EndpointSet } from '@evenly/endpoints';
import type {
  Listener,
  Policy,
  ServerCertificate,
  Service,
  UpstreamTls,
  VirtualHost,
} from '@evenly/mesh-config';

/** Resources as the client understands them: the words of the mesh config. */

export interface XdsListener {
  /** Absent: where it listens is not said (an `api_listener`, for gRPC clients and for our own proxy's options). */
  at?: { address: string; port: number };
  /** Absent = plaintext. */
  certificates?: readonly ServerCertificate[];
  http1: boolean;
  grpcWeb: boolean;
  paths: Pick<Listener, 'normalizePath' | 'encodedSlashes'>;
  /** The name of its routes, or the routes themselves. */
  routes: string | XdsRoutes;
}

export interface XdsRoutes {
  /** Destinations of their routes are clusters' names. */
  virtualHosts: readonly VirtualHost[];
  /** The same by what they were read from, for who reads the next ones. */
  readFrom?: ReadonlyMap<string, VirtualHost>;
}

export interface XdsCluster {
  policy: Policy;
  protocol?: Service['protocol'];
  /** The name of its endpoints. */
  endpoints: string;
  /** Absent = they are spoken to in plaintext. */
  tls?: UpstreamTls;
}

/** By type, what a resource is read as. */
export interface Parsed {
  listener: XdsListener;
  route: XdsRoutes;
  cluster: XdsCluster;
  endpoints: EndpointSet;
}
