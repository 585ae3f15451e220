import { randomUUID } from 'node:crypto';
import { normalAuthority, type VirtualHost as MeshVirtualHost } from '@evenly/mesh-config';
import { hashOf, type NodeResource, type Resource } from '../resource.ts';
import { grpcRoute } from './grpc-conditions.ts';
import { routeName, socketRouteName } from './names.ts';
import { hasSessions, knownSessions } from './sessions.ts';
import { routeConfiguration, type Words, type WrittenHosts } from './route-configuration.ts';
import type { Services } from './xds-route.ts';

/**
 * The routes that gRPC clients get for a target, each in the words that they read rightly.
 *
 * They hold domains against the channel's authority: the target, in any case, or another one that the application gave
 * (`WithAuthority`), which may be the name in a certificate. Where that is of the target's host it counts; all else goes
 * as the target.
 *
 * A running grpc-js-xds (1.14) passes over routes that only add a fault to what it has, for it looks at the fields of the
 * old ones: so a hash of the content is in a field that it keeps.
 * @param target the first domain of one of `siblings`; `*` stands for what no route names
 * @param siblings the virtual hosts of its host, with a port or without
 * @param services those that they lead to at least
 */
export function targetRoutes(
  target: string,
  siblings: readonly MeshVirtualHost[],
  services: Services,
): NodeResource {
  const name = routeName(target);
  const hosts = siblings
    .map(forGrpcClients)
    .map((host) =>
      host.domains[0] === target ? { ...host, domains: [...new Set([...host.domains, '*'])] } : host,
    );
  const written = (words: Words, its = hosts) => routeConfiguration(name, its, services, words);
  const plain = written(forGrpc);
  const forGrpcJava = hosts.every(({ routes }) => routes.length > 0)
    ? plain
    : written(
        forGrpc,
        hosts.map((host) => withCluster(host, services)),
      );
  const core = { ...forGrpc, timeoutMarginMs: coreMarginMs, sessions: knownSessions('grpc-core') };
  let forGrpcJs: Resource | undefined;
  // What is in it alone makes another version, too.
  let forGrpcCore = hosts.some(({ routes }) => routes.some(hasSessions)) ? written(core) : undefined;
  return {
    type: 'route',
    name,
    version: hashOf(`${plain.version} ${forGrpcJava.version} ${forGrpcCore?.version ?? ''}`),
    forNode: ({ kind }) => {
      if (kind === 'grpc-js') return (forGrpcJs ??= written({ ...forGrpc, hash: ` ${plain.version}` }));
      if (kind === 'grpc-core') return (forGrpcCore ??= written(core));
      return kind === 'grpc-java' ? forGrpcJava : plain;
    },
  };
}

const forGrpc: Words = { reader: 'grpc', hash: '', timeoutMarginMs: 0, sessions: 'none' };
const forEnvoys: Words = { reader: 'envoy', hash: '', timeoutMarginMs: 0, sessions: knownSessions('envoy') };
const forProxies: Words = { ...forGrpc, sessions: knownSessions('proxy') };

/**
 * C-core (1.85; grpc#34547) takes 1 to 2 s off a route's timeout, how much depends on the moment when its process began: so
 * much that short ones would end all calls at once. So calls have up to a second more.
 */
const coreMarginMs = 2000;

/**
 * Calls that no route takes are UNAVAILABLE (gRFC A28). grpc-java (1.85) makes them INTERNAL where a virtual host leads to no
 * cluster at all: so it gets a route to one, with a path that no call has.
 */
function withCluster(host: MeshVirtualHost, services: Services): MeshVirtualHost {
  const [service] = services.keys();
  if (host.routes.length > 0 || service === undefined) return host;
  const noCall = { path: { kind: 'exact', value: '' }, headers: [] } as const;
  return { ...host, routes: [{ match: noCall, to: [{ service, weight: 1 }] }] };
}

/**
 * By the first domain of each, the virtual hosts of its host. A host that routes name with ports only is a target with
 * any other port too, for what routes for any authority take.
 */
export function siblingsOf(hosts: readonly MeshVirtualHost[]): ReadonlyMap<string, MeshVirtualHost[]> {
  const byHost = new Map<string, MeshVirtualHost[]>();
  for (const one of hosts) {
    const { host } = normalAuthority(one.domains[0]!);
    const group = byHost.get(host) ?? [];
    group.push(one);
    byHost.set(host, group);
  }
  const anyRoutes = byHost.get('*')?.[0]?.routes ?? [];
  const siblings = new Map<string, MeshVirtualHost[]>();
  for (const [host, group] of byHost) {
    // Of a Service of the cluster the port 0 stands for the name without one, and other ports are none of its.
    const isNamed = group.some(({ domains }) => domains[0] === host || domains[0] === `${host}:0`);
    if (!isNamed) group.push({ domains: [host, `${host}:*`], routes: anyRoutes });
    for (const { domains } of group) siblings.set(domains[0]!, group);
  }
  return siblings;
}

/**
 * The routes of a listener with a socket: a virtual host for each authority, and one for all others.
 * @param known what was written of them before
 */
export function listenerRoutes(
  { name: listener, port }: { name: string; port?: number | undefined },
  hosts: readonly MeshVirtualHost[],
  services: Services,
  known: WrittenHosts,
): NodeResource {
  const name = socketRouteName(listener);
  const at = port === undefined ? {} : { port };
  const written = (words: Words) => routeConfiguration(name, hosts, services, { ...words, ...at }, known);
  let forEnvoy: Resource | undefined;
  let forOthers: Resource | undefined;
  return {
    type: 'route',
    name,
    // Not of its content: the form for Envoys is written if there are any, and with hundreds of hosts it is half of the work.
    // What a client is sent has a version of its own.
    version: randomUUID(),
    forNode: ({ kind }) =>
      kind === 'envoy' || kind === 'envoy-separate'
        ? (forEnvoy ??= written(forEnvoys))
        : (forOthers ??= written(forProxies)),
  };
}

function forGrpcClients({ domains, routes }: MeshVirtualHost): MeshVirtualHost {
  return { domains, routes: routes.flatMap((route) => grpcRoute(route) ?? []) };
}
