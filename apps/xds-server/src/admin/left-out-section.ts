import { isGrpc, type LeftOut } from '@evenly/xds';
import type { ServerStatus } from './server-status.ts';
import { count, html, type Html } from '@evenly/service/admin-page';

/** What the config asks for and some clients cannot take. */
export function leftOutSection({ leftOut, clients }: ServerStatus, query: string): Html | undefined {
  const ofGrpc = clients.filter(({ kind }) => isGrpc(kind)).length;
  const tables = [
    leftOutTable('gRPC clients', ofGrpc, leftOut.grpc, query),
    leftOutTable('Envoys', clients.length - ofGrpc, leftOut.envoy, query),
  ].filter((table) => table !== undefined);
  if (tables.length === 0) return undefined;
  return html`<section aria-labelledby="left-out">
    <h2 id="left-out">What clients cannot take</h2>
    ${tables}
  </section>`;
}

function leftOutTable(
  who: string,
  connected: number,
  all: readonly LeftOut[],
  query: string,
): Html | undefined {
  const items = all.filter(({ service }) => service.includes(query)).slice(0, 200);
  if (items.length === 0) return undefined;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Not for ${who}">
    <table>
      <caption>
        Not for ${who} (${count(connected, 'is', 'are')} connected)
      </caption>
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">Setting</th>
          <th scope="col">Instead</th>
        </tr>
      </thead>
      <tbody>
        ${items.map(
          ({ service, field, instead }) =>
            html`<tr>
              <th scope="row">${service}</th>
              <td><code>${field}</code></td>
              <td>${instead}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
