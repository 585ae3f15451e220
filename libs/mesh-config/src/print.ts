import { stringify } from 'yaml';
import { clustersOf } from './clusters.ts';
import { formatDuration } from './duration.ts';
import { printSource } from './file-format/source-format.ts';
import type { HealthCheck, Listener, MeshConfig, Service } from './mesh-config.ts';
import type { Hedge, OutlierDetection, Policy, Retry, SlowStart } from './policy.ts';
import type { Redirect, Rewrite } from './redirect.ts';
import type { SessionPersistence } from './session-persistence.ts';
import type { Fault, HeaderMatch, Route } from './route.ts';
import type { Servers } from './servers.ts';

/**
 * Writes a config as a mesh config file (YAML) with all defaults filled in, whatever form it was read from. Reading it
 * yields the same config. Paths of `file` sources are relative to the working directory then, as far as they were
 * before.
 */
export function printMeshConfig({ services, routes, listeners }: MeshConfig): string {
  const clusters = [...services.values()].flatMap(({ source, subsets }) =>
    [source, ...[...subsets.values()].map((subset) => subset.source)].flatMap(clustersOf),
  );
  const file = {
    clusters:
      clusters.length === 0
        ? undefined
        : Object.fromEntries(clusters.map(({ name, ...cluster }) => [name, cluster])),
    services: mapOf(services, serviceForm),
    routes: routes.map(routeForm),
    listeners: listeners.map(listenerForm),
  };
  // No line folding and no anchors: people search in it, and compare it line by line.
  return stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
}

const mapOf = <T, F>(byName: ReadonlyMap<string, T>, form: (item: T) => F) =>
  Object.fromEntries([...byName].map(([name, item]) => [name, form(item)]));

/** Absent fields stay absent: `stringify` leaves out what is undefined. */
const maybe = <T, F>(value: T | undefined, form: (value: T) => F) =>
  value === undefined ? undefined : form(value);

function serviceForm({ source, locality, healthCheck, subsets, tls, protocol, servers, policy }: Service) {
  return {
    source: printSource(source),
    locality,
    healthCheck: maybe(healthCheck, healthCheckForm),
    subsets: mapOf(subsets, (subset) => ({ source: printSource(subset.source) })),
    tls,
    protocol,
    servers: maybe(servers, serversForm),
    policy: policyForm(policy),
  };
}

const serversForm = ({ identities, ...rest }: Servers) =>
  identities.length === 0 ? rest : { identities, ...rest };

function healthCheckForm({ timeoutMs, intervalMs, ...rest }: HealthCheck) {
  return { ...rest, timeout: formatDuration(timeoutMs), interval: formatDuration(intervalMs) };
}

function policyForm({ timeoutMs, retry, hedge, outlierDetection, slowStart, ...rest }: Policy) {
  return {
    ...rest,
    timeout: maybe(timeoutMs, formatDuration),
    retry: maybe(retry, retryForm),
    hedge: maybe(hedge, hedgeForm),
    outlierDetection: maybe(outlierDetection, outlierForm),
    slowStart: maybe(slowStart, slowStartForm),
  };
}

function retryForm({ perTryTimeoutMs, backoff, ...rest }: Retry) {
  return {
    ...rest,
    perTryTimeout: maybe(perTryTimeoutMs, formatDuration),
    backoff: { base: formatDuration(backoff.baseMs), max: formatDuration(backoff.maxMs) },
  };
}

const hedgeForm = ({ delayMs, ...rest }: Hedge) => ({ ...rest, delay: formatDuration(delayMs) });

function outlierForm({ intervalMs, baseEjectionTimeMs, maxEjectionTimeMs, ...rest }: OutlierDetection) {
  return {
    ...rest,
    interval: formatDuration(intervalMs),
    baseEjectionTime: formatDuration(baseEjectionTimeMs),
    maxEjectionTime: formatDuration(maxEjectionTimeMs),
  };
}

const slowStartForm = ({ windowMs, ...rest }: SlowStart) => ({ ...rest, window: formatDuration(windowMs) });

function routeForm(route: Route) {
  const { match, to, redirect, rewrite, timeoutMs, retry, hedge, fault, sessionPersistence, ...rest } = route;
  const { authority, path, method, query, headers } = match;
  return {
    ...rest,
    match: {
      ...{ authority, path: textForm(path), method },
      query: maybe(query, (all) =>
        all.map(({ name: parameter, ...value }) => ({ name: parameter, ...textForm(value) })),
      ),
      headers: headers.map(headerForm),
    },
    to: to.length === 0 ? undefined : to,
    redirect: maybe(redirect, changeForm),
    rewrite: maybe(rewrite, changeForm),
    timeout: maybe(timeoutMs, formatDuration),
    retry: maybe(retry, retryForm),
    hedge: maybe(hedge, hedgeForm),
    fault: maybe(fault, faultForm),
    sessionPersistence: maybe(sessionPersistence, sessionForm),
  };
}

const sessionForm = ({ kind, absoluteTimeoutMs, ...rest }: SessionPersistence) => ({
  [kind]: rest,
  absoluteTimeout: maybe(absoluteTimeoutMs, formatDuration),
});

const textForm = ({ kind, value }: { kind: string; value: string }) => ({ [kind]: value });

const changeForm = ({ path, ...rest }: Redirect | Rewrite) => ({ ...rest, path: maybe(path, textForm) });

const headerForm = ({ name, invert, ...condition }: HeaderMatch) => ({
  name,
  [condition.kind]: condition.kind === 'present' ? true : condition.value,
  invert,
});

function faultForm({ delay, abort }: Fault) {
  return {
    delay: maybe(delay, ({ durationMs, percent }) => ({ duration: formatDuration(durationMs), percent })),
    abort,
  };
}

/** Certificates are never from a file, and their keys nobody's business. */
const listenerForm = ({ routes, virtualHosts: _, certificates: _keys, ...rest }: Listener) => ({
  ...rest,
  routes: maybe(routes, (own) => own.map(routeForm)),
});
