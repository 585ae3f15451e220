import { count } from './format-text.ts';
import { html, type Html } from './html.ts';

/** A Kubernetes cluster that services come from. */
interface ClusterView {
  name: string;
  region: string;
  sources: number;
  away: number;
  endpoints: number;
  error?: string;
}

/** Where an endpoint is, for a table. */
export const placeOf = ({ region, zone }: { region?: string; zone?: string }): string =>
  [region, zone].filter((part) => part !== undefined).join(' / ') || '–';

/** A cluster that is away is said once, however many services it has. */
export function* clusterProblems(clusters: readonly ClusterView[]): Generator<Html> {
  for (const { name, away, sources, error } of clusters)
    if (away > 0)
      yield html`Cluster <b>${name}</b>: no updates of ${away} of ${count(sources, 'service')}; what was known
        last is kept. <q>${error ?? ''}</q>`;
}

/** Nothing where the config names no clusters. */
export function clustersSection(clusters: readonly ClusterView[]): Html {
  if (clusters.length === 0) return html``;
  return html`<section aria-labelledby="clusters">
    <h2 id="clusters">Clusters</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Clusters">
      <table>
        <thead>
          <tr>
            ${['Cluster', 'Region', 'Services', 'Endpoints', 'Updates'].map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${clusters.map(clusterRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function clusterRow({ name, region, sources, away, endpoints, error }: ClusterView): Html {
  return html`<tr>
    <td>${name}</td>
    <td>${region}</td>
    <td class="number">${sources}</td>
    <td class="number">${endpoints}</td>
    <td class="${away > 0 ? 'bad' : 'good'}">${error ?? 'as they happen'}</td>
  </tr>`;
}
