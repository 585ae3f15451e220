import { html, type Html } from '@evenly/service/admin-page';
import { latencyBoundsMs } from '../stats/latency-counts.ts';
import type { ListenerStatus, RouteStatus } from './status.ts';

/** Routes of a listener on the page; `/status` has all. */
const maxRoutes = 200;

/** Where calls come in, and how each route does: rate is for the metrics, here are the sums. */
export function listenersSection(listeners: readonly ListenerStatus[], query: string): Html {
  return html`<section aria-labelledby="listeners">
    <h2 id="listeners">Listeners and routes</h2>
    ${listeners.map((listener) => listenerBlock(listener, query))}
  </section>`;
}

function listenerBlock(
  { name, connections, accepted, failed, refused, routes, error }: ListenerStatus,
  query: string,
): Html {
  const wanted = routes.filter((route) => route.name.includes(query));
  const rest = wanted.length - maxRoutes;
  const facts = `${connections} open of ${accepted} accepted connections, ${failed} failed, ${refused} refused`;
  return html`<article class="card">
    <h3>${name}</h3>
    ${error === undefined ? html`<p class="muted">${facts}</p>` : html`<p class="bad">It does not listen: ${error}</p>`}
    ${
      wanted.length === 0
        ? html`<p>${routes.length === 0 ? 'It has no routes.' : 'No route with this name.'}</p>`
        : routesTable(name, wanted.slice(0, maxRoutes))
    }
    ${rest > 0 ? html`<p>And ${rest} more: filter by name.</p>` : undefined}
  </article>`;
}

function routesTable(listener: string, routes: readonly RouteStatus[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Routes of ${listener}">
    <table>
      <caption class="hidden">
        Routes of ${listener}
      </caption>
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col">Takes</th>
          <th scope="col">Leads to</th>
          <th scope="col" class="number">Under way</th>
          <th scope="col" class="number">Calls</th>
          <th scope="col" class="number">Failed</th>
          <th scope="col" class="number">Retries</th>
          <th scope="col" class="number">p50</th>
          <th scope="col" class="number">p99</th>
        </tr>
      </thead>
      <tbody>
        ${routes.map(routeRow)}
      </tbody>
    </table>
  </div>`;
}

function routeRow({
  name,
  match,
  to,
  redirect,
  active,
  calls,
  failures,
  retries,
  latency,
}: RouteStatus): Html {
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${matchText(match)}</td>
    <td>${redirect === undefined ? destinationsText(to) : `redirect ${redirect.status}`}</td>
    <td class="number">${active}</td>
    <td class="number">${calls}</td>
    <td class="number ${failures > 0 ? 'bad' : ''}">${failures}</td>
    <td class="number">${retries}</td>
    <td class="number">${quantileText(latency, 0.5)}</td>
    <td class="number">${quantileText(latency, 0.99)}</td>
  </tr>`;
}

function matchText({ authority, path, method, query = [], headers }: RouteStatus['match']): string {
  const parts = [
    authority ?? 'any authority',
    path.kind === 'prefix' || path.kind === 'segments'
      ? path.value === ''
        ? ''
        : `${path.value}…`
      : path.value,
    method ?? '',
    ...query.map(({ name, kind, value }) => `?${name} ${kind} ${value}`),
    ...headers.map(
      (header) =>
        `${header.invert ? 'not ' : ''}${header.name}${header.kind === 'present' ? '' : ` ${header.kind} ${header.value}`}`,
    ),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function destinationsText(to: RouteStatus['to']): string {
  const total = to.reduce((sum, { weight }) => sum + weight, 0);
  const nameOf = ({ service = 'refused', subset }: RouteStatus['to'][number]) =>
    subset === undefined ? service : `${service}/${subset}`;
  if (to.length === 1) return nameOf(to[0]!);
  return to.map((one) => `${nameOf(one)} ${Math.round((one.weight / total) * 1000) / 10} %`).join(', ');
}

/** The upper bound of the bucket that a share of the calls is in. */
function quantileText(latency: readonly number[], share: number): string {
  const total = latency.reduce((sum, each) => sum + each, 0);
  if (total === 0) return '–';
  let upTo = 0;
  const bucket = latency.findIndex((each) => (upTo += each) >= total * share);
  const bound = latencyBoundsMs[bucket];
  return bound === undefined
    ? `> ${latencyBoundsMs.at(-1)! / 1000} s`
    : bound < 1000
      ? `≤ ${bound} ms`
      : `≤ ${bound / 1000} s`;
}
