import { clients as titles } from '@evenly/xds';
import { html, type Html } from '@evenly/service/admin-page';
import type { ServerStatus } from './server-status.ts';

const maxRows = 200;

/** What the config asks for and some clients do in another way. */
export function unsupportedSection({ unsupported }: ServerStatus, query: string): Html | undefined {
  const items = unsupported.filter(({ service }) => service.includes(query)).slice(0, maxRows);
  if (items.length === 0) return undefined;
  return html`<section aria-labelledby="unsupported">
    <h2 id="unsupported">What clients cannot take</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="What clients cannot take">
      <table>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Setting</th>
            <th scope="col">Clients</th>
            <th scope="col">Instead</th>
          </tr>
        </thead>
        <tbody>
          ${items.map(
            ({ service, field, clients, instead }) =>
              html`<tr>
                <th scope="row">${service}</th>
                <td><code>${field}</code></td>
                <td>${clients.map((client) => titles[client].title).join('; ')}</td>
                <td>${instead}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
