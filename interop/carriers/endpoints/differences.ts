import { features, type Client } from '@evenly/xds';
import { localityOf } from './model.ts';
import { isDead, type Service } from './service.ts';

/** What clients do in another way than the docs say: rows of docs/client-support.md. */
const rowOf = (title: string) => features.find((one) => one.title === title)!;

const shares = rowOf('shares of calls, where some endpoints cannot be reached');

/** Whether only the others of its locality get the calls of an endpoint that cannot be reached. */
export const inheritsInLocality = (client: Client | undefined): boolean =>
  client !== undefined && client in shares.clients;

/** What clients that differ are not asked for; what ends with UNAVAILABLE is compared among the outcomes. */
const notCompared = [
  { row: rowOf('no calls for endpoints that refuse connections'), isIn: hasDead },
  { row: rowOf('endpoints of one zone and weight with different priorities'), isIn: hasMixedLocality },
];

export const whyNotBy =
  (client: Client) =>
  (service: Service): string | undefined =>
    notCompared.find(({ row, isIn }) => client in row.clients && isIn(service))?.row.title;

function hasDead({ endpoints }: Service): boolean {
  return endpoints.some(isDead);
}

/** Whether a locality has endpoints of more than one priority. */
function hasMixedLocality({ endpoints, locality }: Service): boolean {
  const placed = endpoints.map((endpoint) => ({ ...locality, ...endpoint }));
  const localities = new Set(placed.map(localityOf));
  const inPriorities = new Set(placed.map((one) => `${localityOf(one)} ${one.priority ?? 0}`));
  return inPriorities.size > localities.size;
}
