import { count, html, type Html } from '@evenly/service/admin-page';
import type { EndpointStatus, ServiceStatus } from './status.ts';

/** Services on the page, and endpoints of each; `/status` has all. */
const maxServices = 200;
const maxEndpoints = 200;

export function servicesSection(services: readonly ServiceStatus[], query: string): Html {
  const wanted = services.filter(({ name }) => name.includes(query));
  const rest = wanted.length - maxServices;
  return html`<section aria-labelledby="services">
    <h2 id="services">Services</h2>
    ${wanted.length === 0 ? html`<p>${services.length === 0 ? 'The config has none.' : 'None with this name.'}</p>` : undefined}
    ${wanted.slice(0, maxServices).map(serviceBlock)}
    ${rest > 0 ? html`<p>And ${rest} more: filter by name.</p>` : undefined}
  </section>`;
}

function serviceBlock({
  name,
  source,
  loadBalancing,
  underWay,
  waiting,
  endpoints,
  error,
}: ServiceStatus): Html {
  const ready = endpoints.filter(({ state }) => state === 'ready').length;
  const mood = error !== undefined || ready < endpoints.length ? 'bad' : 'good';
  const calls = `${count(underWay, 'call')} under way${waiting > 0 ? `, ${waiting} wait for a connection` : ''}`;
  return html`<article class="card">
    <h3>${name}</h3>
    <p class="${mood}">
      ${endpoints.length === 0 ? 'no endpoints' : `${ready} of ${count(endpoints.length, 'endpoint')} ready`}${
        error === undefined ? '' : ', maybe old'
      }
    </p>
    <p class="muted">${[loadBalancing, source, calls].join(' · ')}</p>
    ${endpoints.length === 0 ? undefined : endpointsTable(name, endpoints)}
  </article>`;
}

function endpointsTable(service: string, endpoints: readonly EndpointStatus[]): Html {
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
            <th scope="col">State</th>
            <th scope="col" class="number">Connections</th>
            <th scope="col" class="number">Under way</th>
            <th scope="col" class="number">Calls</th>
            <th scope="col" class="number">Failed</th>
          </tr>
        </thead>
        <tbody>
          ${endpoints.slice(0, maxEndpoints).map(endpointRow)}
        </tbody>
      </table>
    </div>
  </details>`;
}

function endpointRow(endpoint: EndpointStatus): Html {
  const { address, hostname, zone, state, error, connections, active, calls, failures } = endpoint;
  return html`<tr>
    <th scope="row"><code>${address}</code></th>
    <td>${hostname ?? '–'}</td>
    <td>${zone ?? '–'}</td>
    <td class="${state === 'ready' ? 'good' : 'bad'}">
      ${error === undefined ? state : `${state}: ${error}`}
    </td>
    <td class="number">${connections}</td>
    <td class="number">${active}</td>
    <td class="number">${calls}</td>
    <td class="number">${failures}</td>
  </tr>`;
}
