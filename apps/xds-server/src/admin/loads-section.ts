import type { Load } from '@evenly/xds';
import type { LoadStatus } from '../lrs/load-reports.ts';
import { ago, html, type Html } from '@evenly/service/admin-page';

/** Rows of each table; `/status` has more. */
const maxRows = 100;

/** Who sends how much where, as the clients report it. */
export function loadsSection({ totals, clients }: LoadStatus, query: string): Html | undefined {
  if (totals.length === 0) return undefined;
  const rows = totals.filter(({ cluster }) => cluster.includes(query));
  const ofClients = clients
    .filter(({ node }) => node.includes(query))
    .flatMap(({ node, agoMs, loads }) => loads.map((load) => ({ node, agoMs, load })));
  return html`<section aria-labelledby="loads">
    <h2 id="loads">Calls</h2>
    <p class="muted">As clients report them, since this server started.</p>
    ${table(
      'Calls by cluster and locality',
      [],
      rows.slice(0, maxRows).map((load) => loadRow(load, [])),
    )}
    ${table(
      'Calls by client',
      ['Client', 'Reported'],
      ofClients.slice(0, maxRows).map(({ node, agoMs, load }) => loadRow(load, [node, `${ago(agoMs)} ago`])),
    )}
  </section>`;
}

function table(caption: string, columns: readonly string[], rows: readonly Html[]): Html | undefined {
  if (rows.length === 0) return undefined;
  const texts = [...columns, 'Cluster', 'Locality'];
  const numbers = ['Succeeded', 'Failed', 'Dropped', 'Under way'];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${texts.map((text) => html`<th scope="col">${text}</th>`)}
          ${numbers.map((text) => html`<th scope="col" class="number">${text}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function loadRow(load: Load, before: readonly string[]): Html {
  const { cluster, region, zone, subZone, succeeded, failed, dropped, inProgress } = load;
  const locality = [region, zone, subZone].filter((part) => part !== '').join(' / ');
  return html`<tr>
    ${before.map((text) => html`<td>${text}</td>`)}
    <th scope="row">${cluster}</th>
    <td>${locality === '' ? '–' : locality}</td>
    <td class="number">${succeeded}</td>
    <td class="number ${failed > 0 ? 'bad' : ''}">${failed}</td>
    <td class="number">${dropped}</td>
    <td class="number">${inProgress}</td>
  </tr>`;
}
