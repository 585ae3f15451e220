import {
  placeOf,
  servicesSection as section,
  type Html,
  type ServicesView,
} from '@evenly/service/admin-page';
import { hostPort } from '@evenly/service';
import type { ClusterStatus } from '../mesh/cluster-pipeline.ts';

const view: ServicesView<ClusterStatus, ClusterStatus['endpoints'][number]> = {
  good: {
    is: ({ healthy }) => healthy,
    // Nobody knows whether those that are not checked are well: they are served all the same.
    word: (endpoints) => (endpoints.every(({ checked }) => checked) ? 'healthy' : 'served, not checked'),
  },
  details: ({ source }) => [source],
  columns: [
    { head: 'Address', value: ({ address, port }) => hostPort(address, port) },
    {
      head: 'Health',
      mood: true,
      value: ({ healthy, checked, reason, state }) =>
        !healthy ? (reason ?? state) : !checked ? 'not checked' : reason ? `kept, ${reason}` : 'healthy',
    },
    { head: 'Name', value: ({ hostname }) => hostname ?? '–' },
    { head: 'Zone', value: placeOf },
    { head: 'Weight', value: ({ weight }) => weight ?? 1 },
  ],
};

export const servicesSection = (services: readonly ClusterStatus[], query: string): Html =>
  section(services, query, view);
