import { clientsSection } from './clients-section.ts';
import { html, type Html } from './html.ts';
import { leftOutSection } from './left-out-section.ts';
import { loadsSection } from './loads-section.ts';
import { problemsSection } from './problems.ts';
import type { ServerStatus } from './server-status.ts';
import { servicesSection } from './services-section.ts';
import { count } from './words.ts';

/** The whole page. It reads well without its script, which only brings news. */
export function page(status: ServerStatus, query: string): string {
  const live = liveOf(status, query);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>xds-server</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/page.css" />
        <script src="/assets/page.js" defer></script>
      </head>
      <body>
        <header>
          <h1>xds-server</h1>
          <form role="search" action="/">
            <label for="q">Name</label>
            <input id="q" name="q" value="${query}" autocomplete="off" spellcheck="false" />
            <button>Filter</button>
          </form>
          <p class="muted">
            <span id="news" role="status"></span>
            <button id="pause" type="button" hidden>Pause</button>
            <a href="/status">JSON</a> <a href="/metrics">Metrics</a>
          </p>
        </header>
        <main id="live">${live}</main>
      </body>
    </html>`.text;
}

/** The part that changes. */
export const liveText = (status: ServerStatus, query: string): string => liveOf(status, query).text;

function liveOf(status: ServerStatus, query: string): Html {
  const { services, clients, security } = status;
  const endpoints = services.flatMap((service) => service.endpoints);
  const healthy = endpoints.filter((endpoint) => endpoint.healthy).length;
  const summary = [
    count(services.length, 'service'),
    `${healthy} of ${count(endpoints.length, 'endpoint')} healthy`,
    count(clients.length, 'client'),
    { plaintext: 'plaintext', tls: 'TLS', mtls: 'mutual TLS' }[security.kind],
  ];
  return html`<p class="summary">${summary.join(' · ')}</p>
    ${problemsSection(status)} ${servicesSection(services, query)} ${clientsSection(clients, query)}
    ${leftOutSection(status, query)} ${loadsSection(status.loads, query)}`;
}
