import type { ClientStatus, TypeStatus } from '../xds-port/status.ts';
import { ago, count, firstOf, html, type Html } from '@evenly/service/admin-page';
import type { ServerStatus } from './server-status.ts';
import { hasProblem, isSlow, nodeName, short } from './client-state.ts';

/** Clients on the page: those with problems first. `/status` has all. */
const maxClients = 100;

export function clientsSection(
  { clients, connections }: Pick<ServerStatus, 'clients' | 'connections'>,
  query: string,
): Html {
  const wanted = clients.filter(({ node }) => node.includes(query));
  const [troubled, others] = [wanted.filter(hasProblem), wanted.filter((client) => !hasProblem(client))];
  const shown = [...troubled, ...others].slice(0, maxClients);
  return html`<section aria-labelledby="clients">
    <h2 id="clients">Clients</h2>
    <p>
      ${count(wanted.length, 'client')}${query === '' ? ' connected' : ' with this name'}${
        wanted.length > maxClients ? `; the first ${maxClients} are shown, those with problems first` : ''
      }.
    </p>
    <p class="muted">${connectionFacts(connections)}</p>
    ${shown.map(clientBlock)}
  </section>`;
}

function connectionFacts({ open, refused, failedHandshakes }: ServerStatus['connections']): string {
  const { full, address, files } = refused;
  const reasons = `the port was full: ${full}, one address had its share: ${address}, no files left: ${files}`;
  return `${count(open, 'connection')} open, ${count(full + address + files, 'other')} refused (${reasons}), ${count(failedHandshakes, 'handshake')} failed`;
}

function clientBlock(client: ClientStatus): Html {
  const { userAgent, zone, peer, variant, types } = client;
  const facts = [
    userAgent,
    zone === '' ? '' : `zone ${zone}`,
    peer,
    variant === 'sotw' ? 'state of the world' : 'delta',
  ];
  const name = nodeName(client);
  return html`<article class="card">
    <h3>${name}</h3>
    <p class="muted">${facts.filter((fact) => fact !== '').join(' · ')}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="What ${name} has">
      <table>
        <caption class="hidden">
          What ${name} has
        </caption>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Subscribed to</th>
            <th scope="col">Sent</th>
            <th scope="col">Acknowledged</th>
            <th scope="col">Rejected</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          ${Object.entries(types).map(([type, state]) => typeRow(type, state))}
        </tbody>
      </table>
    </div>
  </article>`;
}

function typeRow(type: string, state: TypeStatus): Html {
  const { subscribed, sentVersion, ackedVersion, rejected } = state;
  const rejections = rejected.map(({ name, version }) => `${name} ${short(version)}`);
  return html`<tr>
    <th scope="row">${type}</th>
    <td>${subscribed.length === 0 ? 'nothing' : firstOf(subscribed, 3)}</td>
    <td><code>${short(sentVersion)}</code></td>
    <td><code>${short(ackedVersion)}</code></td>
    <td>${rejected.length === 0 ? 'none' : firstOf(rejections, 3)}</td>
    <td class="${mood(state)}">${stateOf(state)}</td>
  </tr>`;
}

function mood(state: TypeStatus): string {
  if (state.rejected.length > 0 || isSlow(state)) return 'bad';
  return state.lagMs === undefined && state.sentVersion !== undefined ? 'good' : 'muted';
}

function stateOf({ lagMs, rejected, sentVersion }: TypeStatus): string {
  if (lagMs !== undefined) return `not answered for ${ago(lagMs)}`;
  if (rejected.length > 0) return 'rejected';
  return sentVersion === undefined ? 'nothing sent' : 'in step';
}
