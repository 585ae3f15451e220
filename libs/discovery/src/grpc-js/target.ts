import { env } from 'node:process'; // the variables by which kubectl and pods find the API server
import { experimental } from '@grpc/grpc-js';
import { dnsAddressSource } from '../dns/address-source.ts';
import { dnsResolver } from '../dns/resolver.ts';
import { dnsSrvSource } from '../dns/srv-source.ts';
import { DiscoveryError, type EndpointSource } from '@evenly/endpoints';
import { fileSource } from '../file/file-source.ts';
import { kubernetesSource } from '../kubernetes/kubernetes-source.ts';
import { deferredSource } from './deferred-source.ts';
import type { KubernetesClients } from './kubernetes-clients.ts';
import type { RegisterOptions } from './options.ts';

export type Uri = experimental.GrpcUri;

/** What sources are made from. */
export interface SourceContext {
  options: RegisterOptions;
  kubernetes: KubernetesClients;
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
  namespace: string;
  service: string;
  port: string;
}

const kubernetesExample =
  'such as k8s:///be1-srv.default:50051, or a port by its name: k8s:///be1-srv.default:grpc';
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const k8s: Scheme = {
  name: 'k8s',
  source: (uri, context) => watchService(uri, parseK8s(uri), kubernetesExample, context),
  authority: (uri) => {
    const [name, port] = split(uri.path);
    return port !== undefined && isPort(port) ? `${name}:${port}` : name;
  },
};

function parseK8s(uri: Uri): ServiceTarget | undefined {
  const [name, port] = split(uri.path);
  const [service = '', namespace = '', ...rest] = name.split('.');
  const isService = rest.length === 0 || rest[0] === 'svc'; // be1-srv.default.svc.cluster.local is the same service
  return port !== undefined && isService && !uri.authority ? { namespace, service, port } : undefined;
}

const kubernetes: Scheme = {
  name: 'kubernetes',
  source: (uri, context) => {
    const [namespace = '', service = '', port = '', ...rest] = uri.path.split('/');
    const target = rest.length === 0 && !uri.authority ? { namespace, service, port } : undefined;
    const expected = 'such as kubernetes:///default/be1-srv/50051 or kubernetes:///default/be1-srv/grpc';
    return watchService(uri, target, expected, context);
  },
  authority: (uri) => {
    const [namespace, service, port = ''] = uri.path.split('/');
    const name = `${service}.${namespace}`;
    return isPort(port) ? `${name}:${port}` : name;
  },
};

function watchService(
  uri: Uri,
  target: ServiceTarget | undefined,
  expected: string,
  { kubernetes, warn }: SourceContext,
): EndpointSource {
  if (
    target === undefined ||
    !dnsLabel.test(target.namespace) ||
    !dnsLabel.test(target.service) ||
    !target.port
  )
    throw bad(uri, `a service, its namespace and a port, ${expected}`);
  const port = isPort(target.port) ? Number(target.port) : target.port;
  return deferredSource(`kubernetes ${target.namespace}/${target.service}:${port}`, async () =>
    kubernetesSource({ ...target, port, api: await kubernetes.api(env), onWarning: warn }),
  );
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
