import { hostPort } from '@evenly/service';
import type { ServerStatus } from './server-status.ts';
import {
  ago,
  certificateProblems,
  clusterProblems,
  count,
  firstOf,
  html,
  readinessProblems,
  type Html,
} from '@evenly/service/admin-page';
import type { ClientStatus, TypeStatus } from '../xds-port/status.ts';
import { isSlow, nodeName, short } from './client-state.ts';

/** What is wrong now: the first thing that people look for. */
export function* problemsOf(status: ServerStatus): Generator<Html> {
  const { waiting, refusedConfig, security, memory, connections, streamsFull, services, clients } = status;
  yield* readinessProblems(waiting);
  if (refusedConfig !== undefined) {
    yield html`The config was refused, the last good one is served: <q>${refusedConfig}</q>`;
  }
  if (status.servicesSnapshotOf !== undefined) {
    yield html`Which Services the cluster has is of a snapshot: the API has not answered since this server
    started, and it was known to be so at ${status.servicesSnapshotOf}.`;
  }
  yield* clusterProblems(status.clusters);
  yield* certificateProblems(security.certificates);
  if (memory.short) {
    yield html`Nearly all of the memory for clients is used (${memory.usedBytes} of ${memory.maxBytes} bytes):
    the largest holders are refused more.`;
  }
  if (connections.full) yield html`The port takes no more connections: it has as many as it may.`;
  if (streamsFull) yield html`The port takes no more streams: it has as many as it may.`;
  for (const { name, error, endpoints, snapshotOf } of services) {
    if (snapshotOf !== undefined)
      yield html`<b>${name}</b> is served from a snapshot: its source has not answered since this server
        started, and was known to be as it is at ${snapshotOf}.`;
    if (error !== undefined) yield html`<b>${name}</b>: no updates of its endpoints. <q>${error}</q>`;
    else if (endpoints.length === 0) yield html`<b>${name}</b> has no endpoints.`;
    const bad = endpoints.filter(({ healthy }) => !healthy);
    if (bad.length > 0)
      yield html`<b>${name}</b>: ${bad.length} of ${count(endpoints.length, 'endpoint')}
        ${bad.length === 1 ? 'is' : 'are'} not healthy, such as
        <code>${hostPort(bad[0]!.address, bad[0]!.port)}</code>: <q>${bad[0]!.reason ?? bad[0]!.state}</q>`;
    const kept = endpoints.filter(({ healthy, reason }) => healthy && reason !== undefined);
    if (kept.length > 0)
      yield html`<b>${name}</b>: ${kept.length} of ${count(endpoints.length, 'endpoint')}
        ${kept.length === 1 ? 'does' : 'do'} not answer health checks in time and
        ${kept.length === 1 ? 'is' : 'are'} served all the same, such as
        <code>${hostPort(kept[0]!.address, kept[0]!.port)}</code>: <q>${kept[0]!.reason}</q>`;
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
