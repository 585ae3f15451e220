import { experimental } from '@grpc/grpc-js';
import { deferredSource, DiscoveryError, type EndpointSource } from '@evenly/endpoints';
import { dnsAddressSource } from '../dns/address-source.ts';
import { dnsResolver } from '../dns/resolver.ts';
import { dnsSrvSource } from '../dns/srv-source.ts';
import { fileSource } from '../file/file-source.ts';
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts';
import { kubernetesSource } from '../kubernetes/kubernetes-source.ts';
import type { RegisterOptions } from './options.ts';

export type Uri = experimental.GrpcUri;

/** What sources are made from. */
export interface SourceContext {
  options: RegisterOptions;
  /** The one client of the API server that all channels of the process share. */
  kubernetes: () => Promise<KubernetesApi>;
  warn: (message: string) => void;
}

/** A scheme of targets: what stands behind one, and what its servers call themselves. */
export interface Scheme {
  name: string;
  /** @throws DiscoveryError BAD_CONFIG for a target that cannot be understood */
  source(uri: Uri, context: SourceContext): EndpointSource;
  /** The :authority of calls and the name in certificates. Must be one even for a target that is no good. */
  authority(uri: Uri): string;
}

const bad = (uri: Uri, expected: string) =>
  new DiscoveryError('BAD_CONFIG', `cannot read the target ${text(uri)}: expected ${expected}`);

/** As the user wrote it. */
export const text = (uri: Uri): string => experimental.uriToString(uri);

/** `host:port`, `[::1]:port`. The part before the last colon, and what is behind it. */
const split = (path: string): [string, string | undefined] => {
  const match = /^(.*):([^:\]]+)$/.exec(path);
  return match ? [match[1]!, match[2]!] : [path, undefined];
};

const isPort = (port: string) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;

function dnsOptions(uri: Uri, { options: { dns = {} } }: SourceContext) {
  const servers = uri.authority ? [uri.authority] : (dns.servers ?? []);
  const { refreshMs = 10_000, minRefreshMs = 1000, timeoutMs } = dns;
  const resolver = dnsResolver({ servers, unref: true, ...(timeoutMs !== undefined && { timeoutMs }) });
  return { resolver, refreshMs, minRefreshMs, unref: true };
}

const dnsAddress: Scheme = {
  name: 'dns+a',
  source: (uri, context) => {
    const [name, port] = split(uri.path);
    if (name === '' || port === undefined || !isPort(port))
      throw bad(uri, 'dns+a:///name:port, such as dns+a:///server:50051');
    return dnsAddressSource({ name, port: Number(port), ...dnsOptions(uri, context) });
  },
  authority: (uri) => uri.path,
};

const dnsSrv: Scheme = {
  name: 'dns+srv',
  source: (uri, context) => dnsSrvSource({ name: uri.path, ...dnsOptions(uri, context) }),
  // The service's name, without the labels that say port and protocol (RFC 2782).
  authority: (uri) => uri.path.replace(/^(_[^.]*\.)+/, ''),
};

interface ServiceTarget {
  /** Undefined: this pod's own. */
  namespace: string | undefined;
  service: string;
  port: string;
  /** What the servers call themselves, without the port. */
  name: string;
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * `///service.namespace:port`, `//namespace/service:port`, and `///service:port` in this pod's own namespace; as
 * kuberesolver for grpc-go has it, also with all of it where an authority stands: `//service.namespace:port/`.
 */
function parseService({ authority, path }: Uri): ServiceTarget | undefined {
  // Without a path grpc-js reads no authority either, and takes all of it for the path.
  const [name, port] = split(/^\/\/([^/]+)\/$/.exec(path)?.[1] ?? path);
  const [service = '', inName, ...rest] = name.split('.');
  const inAuthority = authority || undefined;
  const isService = rest.length === 0 || rest[0] === 'svc'; // be1-srv.default.svc.cluster.local is the same service
  const isSaidTwice = inName !== undefined && inAuthority !== undefined;
  if (port === undefined || !isService || isSaidTwice) return undefined;
  const full = inAuthority === undefined ? name : `${service}.${inAuthority}`;
  return { namespace: inName ?? inAuthority, service, port, name: full };
}

/** `///namespace/service/port`, as other clients of the API have it. */
function parsePath({ authority, path }: Uri): ServiceTarget | undefined {
  const [namespace = '', service = '', port = '', ...rest] = path.split('/');
  return rest.length > 0 || authority
    ? undefined
    : { namespace, service, port, name: `${service}.${namespace}` };
}

function kubernetesScheme(
  name: string,
  parse: (uri: Uri) => ServiceTarget | undefined,
  example: string,
): Scheme {
  return {
    name,
    source: (uri, context) => watchService(uri, parse(uri), example, context),
    authority: (uri) => {
      const target = parse(uri);
      if (target === undefined) return uri.path;
      return isPort(target.port) ? `${target.name}:${target.port}` : target.name;
    },
  };
}

const k8s = kubernetesScheme(
  'k8s',
  parseService,
  'such as k8s:///be1-srv.default:50051, or a port by its name: k8s:///be1-srv.default:grpc',
);

const kubernetes = kubernetesScheme(
  'kubernetes',
  (uri) => (/^[^/]+\//.test(uri.path) ? parsePath(uri) : parseService(uri)),
  'such as kubernetes:///default/be1-srv/50051, kubernetes:///be1-srv.default:grpc or kubernetes://default/be1-srv:grpc',
);

function watchService(
  uri: Uri,
  target: ServiceTarget | undefined,
  example: string,
  { kubernetes, warn }: SourceContext,
): EndpointSource {
  const labels = [target?.service, ...(target?.namespace === undefined ? [] : [target.namespace])];
  if (!target?.port || !labels.every((label) => dnsLabel.test(label ?? '')))
    throw bad(uri, `a service, its namespace and a port, ${example}`);
  const { service, namespace: given } = target;
  const port = isPort(target.port) ? Number(target.port) : target.port;
  const make = async () => {
    const api = await kubernetes();
    const namespace = given ?? (await api.ownNamespace());
    return kubernetesSource({ namespace, service, port, api, onWarning: warn });
  };
  const name = given === undefined ? service : `${given}/${service}`;
  return deferredSource(`kubernetes ${name}:${port}`, make, { unref: true });
}

const file: Scheme = {
  name: 'file',
  source: (uri, { options }) => {
    if (uri.authority) throw bad(uri, 'file:///absolute/path.json or file:relative/path.json');
    // parseUri takes the third slash of file:///path for the end of an empty authority.
    const path = uri.authority === undefined ? uri.path : `/${uri.path}`;
    return fileSource({ path, ...options.file });
  },
  authority: () => 'localhost',
};

export const schemes: readonly Scheme[] = [dnsAddress, dnsSrv, k8s, kubernetes, file];
