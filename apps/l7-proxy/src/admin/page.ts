import { count, html, problemsSection, type Html } from '@evenly/service/admin-page';
import { listenersSection } from './listeners-section.ts';
import { servicesSection } from './services-section.ts';
import type { ProxyStatus } from './status.ts';

/** The status in words: what is wrong, where calls come in, where they go. */
export function liveOf(status: ProxyStatus, query: string): Html {
  const { listeners, services, workers, xds, unrouted } = status;
  const endpoints = services.flatMap((service) => service.endpoints);
  const ready = endpoints.filter(({ state }) => state === 'ready').length;
  const connections = listeners.reduce((sum, listener) => sum + listener.connections, 0);
  const summary = [
    count(services.length, 'service'),
    `${ready} of ${count(endpoints.length, 'endpoint')} ready`,
    count(connections, 'client connection'),
    ...(workers === undefined ? [] : [count(workers.length, 'worker')]),
    ...(xds === undefined ? [] : [xds.connected ? 'xDS server connected' : 'xDS server away']),
  ];
  return html`<p class="summary">${summary.join(' · ')}</p>
    ${problemsSection([...problemsOf(status)])} ${listenersSection(listeners, query)}
    <p class="muted">${count(unrouted, 'request')} that no route took.</p>
    ${servicesSection(services, query)}`;
}

function* problemsOf({ refusedConfig, xds, workers, services, listeners }: ProxyStatus): Generator<Html> {
  if (refusedConfig !== undefined) {
    yield html`The config was refused, the last good one is at work: <q>${refusedConfig}</q>`;
  }
  if (xds !== undefined) yield* xdsProblems(xds);
  for (const { number, serving } of workers ?? []) {
    if (!serving) yield html`<b>Worker ${number}</b> does not serve yet.`;
  }
  for (const { name, routes } of listeners)
    if (routes.length === 0) yield html`Listener <b>${name}</b> has no routes: no call gets through.`;
  for (const { name, error, unusable, endpoints } of services) {
    if (error !== undefined) yield html`<b>${name}</b>: no news of its endpoints. <q>${error}</q>`;
    if (unusable !== undefined) yield html`<b>${name}</b>: <q>${unusable}</q>`;
    if (endpoints.length === 0) yield html`<b>${name}</b> has no endpoints.`;
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
    if (ejected.length > 0)
      yield html`<b>${name}</b>: ejected as outliers: ${ejected.slice(0, 5).join(', ')}`;
  }
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
