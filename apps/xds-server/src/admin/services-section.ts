import type { ClusterStatus } from '../mesh/cluster-pipeline.ts';
import { count, html, type Html } from '@evenly/service/admin-page';

/** Services on the page, and endpoints of each; `/status` has all. */
const maxServices = 200;
const maxEndpoints = 200;

export function servicesSection(services: readonly ClusterStatus[], query: string): Html {
  const wanted = services.filter(({ name }) => name.includes(query));
  const rest = wanted.length - maxServices;
  return html`<section aria-labelledby="services">
    <h2 id="services">Services</h2>
    ${wanted.length === 0 ? html`<p>${services.length === 0 ? 'The config has none.' : 'None with this name.'}</p>` : undefined}
    ${wanted.slice(0, maxServices).map(serviceBlock)}
    ${rest > 0 ? html`<p>And ${rest} more: filter by name.</p>` : undefined}
  </section>`;
}

function serviceBlock({ name, source, endpoints, error }: ClusterStatus): Html {
  const healthy = endpoints.filter((endpoint) => endpoint.healthy).length;
  const mood = error !== undefined || healthy < endpoints.length ? 'bad' : 'good';
  return html`<article class="card">
    <h3>${name}</h3>
    <p class="${mood}">
      ${endpoints.length === 0 ? 'no endpoints' : `${healthy} of ${count(endpoints.length, 'endpoint')} healthy`}${
        error === undefined ? '' : ', maybe old'
      }
    </p>
    <p class="muted">${source}</p>
    ${endpoints.length === 0 ? undefined : endpointsTable(name, endpoints)}
  </article>`;
}

function endpointsTable(service: string, endpoints: ClusterStatus['endpoints']): Html {
  const rest = endpoints.length - maxEndpoints;
  return html`<details data-key="${service}">
    <summary>Endpoints</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Endpoints of ${service}">
      <table>
        <caption class="${rest > 0 ? '' : 'hidden'}">
          Endpoints of ${service}${rest > 0 ? `, the first ${maxEndpoints} of ${endpoints.length}` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">Name</th>
            <th scope="col">Zone</th>
            <th scope="col">Weight</th>
            <th scope="col">Health</th>
          </tr>
        </thead>
        <tbody>
          ${endpoints.slice(0, maxEndpoints).map(endpointRow)}
        </tbody>
      </table>
    </div>
  </details>`;
}

function endpointRow({
  address,
  port,
  hostname,
  zone,
  weight,
  state,
  healthy,
  reason,
}: ClusterStatus['endpoints'][number]): Html {
  const host = address.includes(':') ? `[${address}]` : address;
  const health = healthy ? 'healthy' : (reason ?? state);
  return html`<tr>
    <th scope="row"><code>${host}:${port}</code></th>
    <td>${hostname ?? '–'}</td>
    <td>${zone ?? '–'}</td>
    <td>${weight ?? 1}</td>
    <td class="${healthy ? 'good' : 'bad'}">${health}</td>
  </tr>`;
}
