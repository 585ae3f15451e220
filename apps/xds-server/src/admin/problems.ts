import { hostPort } from '@evenly/service';
import type { ServerStatus } from './server-status.ts';
import { ago, count, firstOf, html, type Html } from '@evenly/service/admin-page';
import type { ClientStatus, TypeStatus } from '../xds-port/status.ts';
import { isSlow, nodeName, short } from './words.ts';

/** What is wrong now: the first thing that people look for. */
export function* problemsOf({ refusedConfig, security, services, clients }: ServerStatus): Generator<Html> {
  if (refusedConfig !== undefined) {
    yield html`The config was refused, the last good one is served: <q>${refusedConfig}</q>`;
  }
  if (security.error !== undefined) {
    yield html`New certificates were refused, the last good ones are used: <q>${security.error}</q>`;
  }
  for (const { name, error, endpoints } of services) {
    if (error !== undefined) yield html`<b>${name}</b>: no news of its endpoints. <q>${error}</q>`;
    else if (endpoints.length === 0) yield html`<b>${name}</b> has no endpoints.`;
    const bad = endpoints.filter(({ healthy }) => !healthy);
    if (bad.length > 0)
      yield html`<b>${name}</b>: ${bad.length} of ${count(endpoints.length, 'endpoint')}
        ${bad.length === 1 ? 'is' : 'are'} not healthy, such as
        <code>${hostPort(bad[0]!.address, bad[0]!.port)}</code>: <q>${bad[0]!.reason ?? bad[0]!.state}</q>`;
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
