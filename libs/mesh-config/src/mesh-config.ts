import type { Source } from './file-format/source-format.ts';
import type { Policy } from './policy.ts';
import type { Route } from './route.ts';
import type { VirtualHost } from './routing/virtual-hosts.ts';
import type { Servers } from './servers.ts';
import type { ListenerTls, ServerCertificate, UpstreamTls } from './tls.ts';

/**
 * What the mesh shall do, whatever carries it there (xDS, a proxy, a client): services, routes between them, and
 * listeners. Every reader yields this, with defaults filled in; it is plain data that nobody changes afterwards.
 * `docs/mesh-config.md` has the form in files, each field with its default.
 */
export interface MeshConfig {
  /** By name, in the file's order. No two names differ only in case: authorities ignore it (RFC 3986 §3.2.2). */
  services: ReadonlyMap<string, Service>;
  /**
   * The first route that matches wins. `routesOf` adds the implicit ones and knows what a listener routes: use that
   * rather than this field to serve calls.
   */
  routes: readonly Route[];
  listeners: readonly Listener[];
}

/** Something that can be called: where its endpoints come from, and how calls to it are treated. */
export interface Service {
  /** Letters, digits, `-`, `_` and `.`, at most 253. Those of a cluster are `SERVICE.NAMESPACE:PORT`. */
  name: string;
  source: Source;
  /** Where endpoints are that do not say it themselves. */
  locality: Locality;
  /** Absent = endpoints are not asked; the source's word is taken. */
  healthCheck?: HealthCheck;
  /** Versions of the service that routes can name, such as a canary; empty for most services. */
  subsets: ReadonlyMap<string, Subset>;
  /** Absent = endpoints are spoken to in plaintext. Health checks too. */
  tls?: UpstreamTls;
  /** Absent = its servers, where they ask by xDS, take all calls, with credentials of their own. */
  servers?: Servers;
  /** What its endpoints speak. Absent = HTTP/2, as gRPC needs it. */
  protocol?: 'http1';
  policy: Policy;
}

/**
 * A version of a service with endpoints of its own; health check, locality and policy are the service's.
 * It has a source rather than a label selector: no source but a pod list knows labels (EndpointSlices carry none), and
 * a source of its own keeps the share of calls as the route says it, however many pods a version has.
 */
export interface Subset {
  name: string;
  source: Source;
}

/** Empty texts = not known. */
export interface Locality {
  region: string;
  zone: string;
}

/** Active checks by `grpc.health.v1` (gRFC A17). */
export interface HealthCheck {
  /** The service that is asked about; empty = the server as a whole. */
  grpcService: string;
  /** What endpoints get as `:authority`. Absent = the name that their certificates are for; without TLS their address and port. */
  authority?: string;
  /** Of the endpoint's address. Absent = the port that calls go to. */
  port?: number;
  /** Deadline of one check. */
  timeoutMs: number;
  /** Time between two checks of an endpoint. */
  intervalMs: number;
  /** Good responses in a row until an endpoint gets calls again. At least 1. */
  healthyThreshold: number;
  /**
   * Missing or late responses in a row until an endpoint gets no more calls. At least 1. One that it is not serving counts
   * at once.
   */
  unhealthyThreshold: number;
}

export type EncodedSlashes = 'refuse' | 'keep';

/** A port that calls come in by: of the proxy, or of an Envoy. gRPC clients need none, they ask for a route's authority. */
export interface Listener {
  name: string;
  /** An IP address; `0.0.0.0` and `::` are all. */
  address: string;
  /** 0 = any free one, which only our own proxy can do. */
  port: number;
  /** What this listener alone routes, first match wins. Absent = the routes of the whole config. */
  routes?: readonly Route[];
  /** The same as xDS has it, instead of `routes`: from xDS or a Gateway, never from a file. */
  virtualHosts?: readonly VirtualHost[];
  /** Absent = plaintext, unless there are `certificates`. */
  tls?: ListenerTls;
  /** The same by server name, instead of `tls`: from xDS or a Gateway, never from a file. Nobody else is let in. */
  certificates?: readonly ServerCertificate[];
  /** Takes HTTP/1.1 too, for plain HTTP; with TLS a client chooses by ALPN. */
  http1: boolean;
  /** Takes gRPC-Web too. */
  grpcWeb: boolean;
  /** Pages of these origins may call by gRPC-Web; `*` = of all. A page that the same origin serves always may. */
  corsOrigins: readonly string[];
  /** Every connection begins with a PROXY protocol header, v1 or v2, that says who is behind it. */
  proxyProtocol: boolean;
  /** Clients are proxies of ours: what they say in `x-forwarded-*` and the like is kept and added to, else it is dropped. */
  trustForwarded: boolean;
  /** Paths that are no `/package.Service/Method` are brought to one form before they are matched and passed on. */
  normalizePath: boolean;
  /** With `normalizePath`: requests with `%2F`, `%5C` or a backslash in the path are refused, or it stays as it is. */
  encodedSlashes: EncodedSlashes;
}
