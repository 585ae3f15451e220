import type { ServerStatus } from './server-status.ts';
import { html, type Html } from './html.ts';
import type { ClientStatus, TypeStatus } from '../xds-port/status.ts';
import { ago, count, firstOf, isSlow, nodeName, short } from './words.ts';

/** Problems that are listed; behind many of them is mostly one cause. */
const maxListed = 50;

/** What is wrong now, if anything: the first thing that people look for. */
export function problemsSection(status: ServerStatus): Html {
  const problems = [...problemsOf(status)];
  const rest = problems.length - maxListed;
  return html`<section aria-labelledby="problems">
    <h2 id="problems">Problems</h2>
    ${
      problems.length === 0
        ? html`<p class="good">None now.</p>`
        : html`<ul class="problems">
            ${problems.slice(0, maxListed).map((problem) => html`<li>${problem}</li>`)}
          </ul>`
    }
    ${rest > 0 ? html`<p>And ${count(rest, 'more', 'more')}; all are in <a href="/status">/status</a>.</p>` : undefined}
  </section>`;
}

function* problemsOf({ refusedConfig, security, services, clients }: ServerStatus): Generator<Html> {
  if (refusedConfig !== undefined) {
    yield html`The config was refused, the last good one is served: <q>${refusedConfig}</q>`;
  }
  if (security.error !== undefined) {
    yield html`New certificates were refused, the last good ones are used: <q>${security.error}</q>`;
  }
  for (const { name, error } of services) {
    if (error !== undefined) yield html`<b>${name}</b>: no news of its endpoints. <q>${error}</q>`;
  }
  for (const client of clients) {
    for (const [type, state] of Object.entries(client.types)) {
      yield* rejections(client, type, state);
      if (isSlow(state)) {
        yield html`<b>${nodeName(client)}</b> has not answered for ${ago(state.lagMs!)} (${type})`;
      }
    }
  }
}

/** One problem for each error of a client, however many resources it names with it. */
function* rejections(client: ClientStatus, type: string, { rejected }: TypeStatus): Generator<Html> {
  for (const error of new Set(rejected.map((each) => each.error))) {
    const items = rejected.filter((each) => each.error === error);
    const names = items.map(({ name, version }) => `${name} (${short(version)})`);
    yield html`<b>${nodeName(client)}</b> rejected ${type} ${firstOf(names, 5)} ${ago(items[0]!.agoMs)} ago:
      <q>${error.slice(0, 500)}</q>`;
  }
}
