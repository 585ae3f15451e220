import type { EndpointSource } from '@evenly/endpoints';
import type { RegisterOptions } from './grpc-js/options.ts';
import type { DnsResolver } from './dns/resolver.ts';
import type { EndpointSlices } from './kubernetes/endpoint-slices.ts';
import type { Uri } from './target.ts';

/** What sources need of the process that they run in. */
export interface Surroundings {
  /** The variables by which kubectl, `consul` and the like find their servers. */
  env: Readonly<Record<string, string | undefined>>;
  /** Of the API server, shared by all sources of the process, made when the first one asks. */
  slices: () => Promise<EndpointSlices>;
  /** Something looks like a mistake, but is no error. */
  onWarning?: (message: string) => void;
}

/** Of a program that is configured by files. */
export interface ConfigSurroundings extends Surroundings {
  resolver: DnsResolver;
}

/** Of a client of grpc-js: sources do not keep its process alive. */
export interface ClientSurroundings extends Surroundings {
  options: RegisterOptions;
}

/** A scheme of targets: what stands behind one, and what its servers call themselves. */
export interface Scheme {
  name: string;
  /** @throws DiscoveryError BAD_CONFIG for a target that cannot be understood */
  source: (uri: Uri, surroundings: ClientSurroundings) => EndpointSource;
  /** The :authority of calls and the name in certificates. Must be one even for a target that is no good. */
  authority: (uri: Uri) => string;
}

/** One way to learn of endpoints: how a source is made of what a config says, and which targets of grpc-js mean it. */
export interface SourceKind<Fields> {
  /** @throws DiscoveryError BAD_CONFIG */
  make: (fields: Fields, surroundings: ConfigSurroundings) => EndpointSource;
  /** What it says is what somebody wrote: that there are no endpoints is meant, and no grace is given. */
  isWritten?: true;
  schemes: readonly Scheme[];
}
