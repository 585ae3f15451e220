import { clustersSection, count, html, problemsSection, type Html } from '@evenly/service/admin-page';
import { clientsSection } from './clients-section.ts';
import { loadsSection } from './loads-section.ts';
import { problemsOf } from './problems.ts';
import type { ServerStatus } from './server-status.ts';
import { servicesSection } from './services-section.ts';
import { unsupportedSection } from './unsupported-section.ts';

/** The status in words: what is wrong, what is served, who has it. */
export function liveOf(status: ServerStatus, query: string): Html {
  const { services, clients, security } = status;
  const endpoints = services.flatMap((service) => service.endpoints);
  const served = endpoints.filter((endpoint) => endpoint.healthy).length;
  const summary = [
    count(services.length, 'service'),
    `${served} of ${count(endpoints.length, 'endpoint')} served`,
    count(clients.length, 'client'),
    { plaintext: 'plaintext', tls: 'TLS', mtls: 'mutual TLS' }[security.kind],
  ];
  return html`<p class="summary">${summary.join(' · ')}</p>
    ${problemsSection([...problemsOf(status)])} ${servicesSection(services, query)}
    ${clustersSection(status.clusters)} ${clientsSection(status, query)} ${unsupportedSection(status, query)}
    ${loadsSection(status.loads, query)}`;
}
