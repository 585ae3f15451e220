import {
  certificateProblems,
  clusterProblems,
  count,
  html,
  readinessProblems,
  type Html,
} from '@evenly/service/admin-page';
import type { ListenerStatus, OpenBreaker, ProxyStatus, ServiceStatus } from './status.ts';

/** What is wrong now: the first thing that people look for. Whatever keeps calls from getting through must be here. */
export function* problemsOf(status: ProxyStatus): Generator<Html> {
  const { waiting, refusedConfig, xds, workers, services, listeners, certificates, memory } = status;
  yield* readinessProblems(waiting);
  if (refusedConfig !== undefined) {
    yield html`The config was refused, the last good one is at work: <q>${refusedConfig}</q>`;
  }
  if (xds !== undefined) yield* xdsProblems(xds);
  for (const { number, serving } of workers ?? []) {
    if (!serving) yield html`<b>Worker ${number}</b> does not serve now.`;
  }
  for (const listener of listeners) yield* listenerProblems(listener);
  yield* clusterProblems(status.clusters);
  yield* certificateProblems(certificates);
  if (memory.short) {
    yield html`Nearly all of the memory for clients is used (${memory.usedBytes} of ${memory.maxBytes} bytes):
    the largest holders are refused more.`;
  }
  for (const service of services) yield* serviceProblems(service);
}

function* listenerProblems(listener: ListenerStatus): Generator<Html> {
  const { name, routes, full, error, refusedCertificates = [] } = listener;
  if (error !== undefined)
    yield html`Listener <b>${name}</b> does not listen, and is tried again: <q>${error}</q>`;
  if (routes.length === 0) yield html`Listener <b>${name}</b> has no routes: no call gets through.`;
  for (const reason of refusedCertificates)
    yield html`Listener <b>${name}</b> lets nobody in by some server names: <q>${reason}</q>`;
  if (full) yield html`Listener <b>${name}</b> takes no more connections: it has as many as it may.`;
}

function* serviceProblems(service: ServiceStatus): Generator<Html> {
  const { name, error, unusable, endpoints, openBreakers } = service;
  if (error !== undefined) yield html`<b>${name}</b>: no updates of its endpoints. <q>${error}</q>`;
  if (unusable !== undefined) yield html`<b>${name}</b>: <q>${unusable}</q>`;
  if (endpoints.length === 0) yield html`<b>${name}</b> has no endpoints.`;
  for (const breaker of openBreakers) yield html`<b>${name}</b>: ${breakerText(breaker)}`;
  const away = endpoints.filter(({ state }) => state === 'unreachable');
  if (away.length > 0) {
    yield html`<b>${name}</b>: ${away.length} of ${count(endpoints.length, 'endpoint')} cannot be reached,
      such as <code>${away[0]!.address}</code>: <q>${away[0]!.error ?? 'being connected'}</q>`;
  }
  const unhealthy = endpoints.filter(({ state }) => state === 'unhealthy');
  if (unhealthy.length > 0) {
    yield html`<b>${name}</b>: ${unhealthy.length} of ${count(endpoints.length, 'endpoint')}
      ${unhealthy.length === 1 ? 'fails its' : 'fail their'} health check, such as
      <code>${unhealthy[0]!.address}</code>: <q>${unhealthy[0]!.error ?? ''}</q>`;
  }
  const ejected = endpoints.filter(({ state }) => state === 'ejected').map(({ address }) => address);
  if (ejected.length > 0) yield html`<b>${name}</b>: ejected as outliers: ${ejected.slice(0, 5).join(', ')}`;
}

function breakerText({ kind, limit, refused }: OpenBreaker): string {
  const what = { request: 'calls', pending: 'calls that wait', retry: 'retries' }[kind];
  return `the circuit breaker is open: ${limit} ${what} at a time, ${refused} refused since the start.`;
}

function* xdsProblems({ connected, types }: NonNullable<ProxyStatus['xds']>): Generator<Html> {
  if (!connected) yield html`The xDS server is away; what it said last is at work.`;
  for (const [type, { rejected, waitingFor }] of Object.entries(types)) {
    for (const [name, reason] of Object.entries(rejected)) {
      yield html`xDS ${type} <b>${name}</b> was refused, the last good one stays: <q>${reason}</q>`;
    }
    const missing = waitingFor.filter((name) => rejected[name] === undefined);
    if (missing.length > 0) yield html`xDS ${type}: the server has no ${missing.slice(0, 5).join(', ')}`;
  }
}
