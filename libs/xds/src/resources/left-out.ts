import type { Listener, MeshConfig, Policy, Route, Service } from '@evenly/mesh-config';
import type { NodeKind } from '../node.ts';
import { unknownToGrpc } from './grpc-conditions.ts';

/** Something that the config asks for and a client cannot take: it is left out for that client, and said. */
export interface LeftOut {
  service: string;
  field: string;
  instead: string;
}

/** What clients of this kind do not get of a config. */
export function leftOut(config: MeshConfig, kind: NodeKind): LeftOut[] {
  const services = [...config.services.values()].flatMap((service) => [
    ...notForAnybody(service),
    ...(kind === 'proxy' ? [] : forOurProxyOnly(service)),
    ...(kind === 'grpc' ? notForGrpc(service) : kind === 'proxy' ? [] : notForEnvoy(service)),
  ]);
  const hedged = [...config.routes, ...config.listeners.flatMap(({ routes = [] }) => routes)].filter(
    ({ hedge }) => hedge !== undefined,
  );
  services.push(...hedged.map(hedgedRoute));
  if (kind === 'grpc') return [...services, ...config.routes.flatMap(unknownConditions)]; // they have no listeners
  return [...services, ...config.listeners.filter(isForOurProxyOnly).map(notSent)];
}

/** An Envoy that got these without their TLS, or their PROXY protocol, would let in whom it should not. */
export function isForOurProxyOnly({ tls, proxyProtocol }: Listener): boolean {
  return tls !== undefined || proxyProtocol;
}

function notSent({ name, tls }: Listener): LeftOut {
  const field = tls === undefined ? 'proxyProtocol' : 'tls';
  return {
    service: `listener ${name}`,
    field,
    instead: 'the listener is not sent: only our own proxy has it',
  };
}

function unknownConditions(route: Route): LeftOut[] {
  const service = route.to[0]!.service;
  return unknownToGrpc(route).map((header) => ({
    service,
    field: `a condition on ${header} of route ${route.name ?? 'without a name'}`,
    instead: 'the route is not sent: these clients choose before they know that header (gRFC A28)',
  }));
}

function hedgedRoute({ name, to }: Route): LeftOut {
  return { service: to[0]!.service, field: `hedge of route ${name ?? 'without a name'}`, instead: sentOnce };
}

const sentOnce = 'calls are sent once: only our own proxy with a config file hedges';

function* notForAnybody({ name: service, tls, policy }: Service): Generator<LeftOut> {
  if (policy.hedge !== undefined) {
    yield { service, field: 'policy.hedge', instead: sentOnce };
  }
  if (tls !== undefined) {
    yield { service, field: 'tls', instead: "the client's own credentials: only our own proxy takes this" };
  }
}

function* forOurProxyOnly({ name: service, policy }: Service): Generator<LeftOut> {
  if (policy.scheme === 'match-upstream') {
    yield { service, field: 'policy.scheme', instead: 'the :scheme that the client chooses' };
  }
  if (policy.outlierDetection?.failureCodes !== undefined) {
    const instead = 'what the client counts by itself: xDS has no field for it';
    yield { service, field: 'policy.outlierDetection.failureCodes', instead };
  }
}

function* notForGrpc({ name: service, policy }: Service): Generator<LeftOut> {
  if (policy.loadBalancing === 'least-request' || policy.loadBalancing === 'peak-ewma') {
    const instead = 'round robin: some gRPC clients refuse a whole cluster with another policy';
    yield { service, field: `policy.loadBalancing: ${policy.loadBalancing}`, instead };
  }
  if (policy.slowStart !== undefined) {
    yield { service, field: 'policy.slowStart', instead: 'new endpoints get their full share at once' };
  }
  if ((policy.outlierDetection?.consecutiveFailures ?? 0) > 0) {
    const instead = 'only success rate and failure percentage are looked at (gRFC A50)';
    yield { service, field: 'policy.outlierDetection.consecutiveFailures', instead };
  }
  yield* notForGrpcLimits(service, policy);
}

function* notForGrpcLimits(service: string, { circuitBreaker, retry }: Policy): Generator<LeftOut> {
  if (circuitBreaker !== undefined) {
    yield { service, field: 'policy.circuitBreaker', instead: 'only maxRequests is heeded (gRFC A32)' };
  }
  if (retry?.perTryTimeoutMs !== undefined) {
    yield {
      service,
      field: 'policy.retry.perTryTimeout',
      instead: "only the whole call's timeout (gRFC A44)",
    };
  }
}

function* notForEnvoy({ name: service, policy }: Service): Generator<LeftOut> {
  if (policy.loadBalancing === 'peak-ewma') {
    yield { service, field: 'policy.loadBalancing: peak-ewma', instead: 'least request' };
  }
  if (policy.slowStart !== undefined && policy.loadBalancing !== 'round-robin') {
    yield { service, field: 'policy.slowStart', instead: 'sent to Envoy with round-robin only' };
  }
}
