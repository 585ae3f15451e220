import type { Source } from '@evenly/mesh-config';
import { all, approximated, impossible, ofEveryConfig, type Feature, type Use } from '../difference.ts';
import { grpc } from './clients.ts';

/** What clients make of endpoints, and of names that they wait for. */
export const endpointFeatures: readonly Feature[] = [
  {
    title: 'no calls for endpoints that refuse connections',
    usedBy: ofEveryConfig,
    clients: { envoy: impossible('they end with UNAVAILABLE, unless `retry` has it') },
  },
  {
    title: 'shares of calls, where some endpoints cannot be reached',
    usedBy: ofEveryConfig,
    clients: all(
      grpc,
      approximated('those of the same zone and weight get the calls of such an endpoint, not all others'),
    ),
  },
  {
    title: 'endpoints of one zone and weight with different priorities',
    usedBy: ofEveryConfig,
    clients: { 'grpc-java': impossible('those of the last priority alone are known to it') },
  },
  {
    title: 'targets that end in a dot and have no port, such as `xds:///shop.`',
    usedBy: inNoConfig,
    clients: { 'grpc-java': impossible('calls end with INTERNAL: it takes such a name for none') },
  },
  {
    title: 'calls of a target whose first routes the client refuses',
    usedBy: inNoConfig,
    clients: { 'grpc-js': approximated('they end at their deadline, not at once with UNAVAILABLE') },
  },
  {
    title: 'calls to one service of a target, while another one of it has sent no endpoints yet',
    usedBy: inNoConfig,
    clients: {
      'grpc-js': approximated(
        'they wait for those too; a source that says nothing is soon sent as an empty one',
      ),
    },
  },
  {
    title: '`additionalAddresses` of endpoints, and dual-stack pods',
    usedBy: ({ services }) =>
      [...services.values()]
        .filter(({ source }) => hasAdditionalAddresses(source))
        .map(({ name: service }) => ({ service, field: 'additionalAddresses' })),
    clients: {
      'grpc-java': approximated(
        'the first address alone, unless GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS=true is in its environment',
      ),
    },
  },
];

/** What applications write, or what happens while they run. */
function inNoConfig(): Use[] {
  return [];
}

/** As far as the config says it: of live sources nobody knows. */
const hasAdditionalAddresses = (source: Source): boolean =>
  source.kind === 'merged'
    ? source.sources.some(hasAdditionalAddresses)
    : source.kind === 'static' &&
      source.endpoints.some(({ additionalAddresses }) => additionalAddresses !== undefined);
