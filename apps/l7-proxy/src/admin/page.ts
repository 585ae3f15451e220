import { clustersSection, count, html, problemsSection, type Html } from '@evenly/service/admin-page';
import { listenersSection } from './listeners-section.ts';
import { problemsOf } from './problems.ts';
import { servicesSection } from './services-section.ts';
import type { ProxyStatus } from './status.ts';

/** The status in words: what is wrong, where calls come in, where they go. */
export function liveOf(status: ProxyStatus, query: string): Html {
  const { listeners, services, clusters, workers, xds, unrouted } = status;
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
    ${servicesSection(services, query)} ${clustersSection(clusters)}`;
}
