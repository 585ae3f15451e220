import { html, type Html } from './html.ts';
import { count } from './format-text.ts';

/** Services on a page, and endpoints of each; `/status` has all. */
const maxServices = 200;
const maxEndpoints = 200;

/** What every program knows of a service. */
interface ServiceOnPage<E> {
  name: string;
  endpoints: readonly E[];
  /** Why there are no updates of its endpoints, if there are none. */
  error?: string | undefined;
}

/** What a program says of its services and their endpoints. */
export interface ServicesView<S extends ServiceOnPage<E>, E> {
  /** An endpoint that gets calls, and what some of them are together: `ready`, `healthy`. */
  good: { is: (endpoint: E) => boolean; word: (endpoints: readonly E[]) => string };
  /** Where the endpoints come from, and what else one line holds. */
  details: (service: S) => readonly string[];
  /** The address, then what a narrow screen should have in sight. */
  columns: readonly Column<E>[];
}

export interface Column<E> {
  head: string;
  /** Numbers are set to the right. */
  number?: true;
  value: (endpoint: E) => string | number;
  /** Says by its colour whether the endpoint is good. */
  mood?: true;
}

/** The services whose name has `query` in it, each with its endpoints; how it stands can be seen at a glance. */
export function servicesSection<S extends ServiceOnPage<E>, E>(
  services: readonly S[],
  query: string,
  view: ServicesView<S, E>,
): Html {
  const wanted = services.filter(({ name }) => name.includes(query));
  const rest = wanted.length - maxServices;
  return html`<section aria-labelledby="services">
    <h2 id="services">Services</h2>
    ${wanted.length === 0 ? html`<p>${services.length === 0 ? 'The config has none.' : 'None with this name.'}</p>` : undefined}
    ${wanted.slice(0, maxServices).map((service) => serviceBlock(service, view))}
    ${rest > 0 ? html`<p>And ${rest} more: filter by name.</p>` : undefined}
  </section>`;
}

function serviceBlock<S extends ServiceOnPage<E>, E>(service: S, view: ServicesView<S, E>): Html {
  const { name, endpoints, error } = service;
  const good = endpoints.filter(view.good.is).length;
  const isGood = error === undefined && good > 0 && good === endpoints.length;
  const mood = isGood ? 'good' : 'bad';
  const all = count(endpoints.length, 'endpoint');
  return html`<article class="card">
    <h3>${name}</h3>
    <p class="${mood}">
      ${endpoints.length === 0 ? 'no endpoints' : `${good} of ${all} ${view.good.word(endpoints)}`}${
        error === undefined ? '' : ', maybe old'
      }
    </p>
    <p class="muted">${view.details(service).join(' · ')}</p>
    ${endpoints.length === 0 ? undefined : endpointsTable(name, endpoints, view)}
  </article>`;
}

function endpointsTable<S extends ServiceOnPage<E>, E>(
  service: string,
  endpoints: readonly E[],
  { columns, good }: ServicesView<S, E>,
): Html {
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
            ${columns.map(({ head, number }) => html`<th scope="col" class="${number ? 'number' : ''}">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${endpoints.slice(0, maxEndpoints).map((endpoint) => endpointRow(endpoint, columns, good.is(endpoint)))}
        </tbody>
      </table>
    </div>
  </details>`;
}

/** The first column is the endpoint's address, which names the row. */
function endpointRow<E>(endpoint: E, [address, ...others]: readonly Column<E>[], isGood: boolean): Html {
  const cell = ({ number, mood, value }: Column<E>) => {
    const look = number ? 'number' : mood ? (isGood ? 'good' : 'bad') : '';
    return html`<td class="${look}">${value(endpoint)}</td>`;
  };
  return html`<tr>
    <th scope="row"><code>${address?.value(endpoint)}</code></th>
    ${others.map(cell)}
  </tr>`;
}
