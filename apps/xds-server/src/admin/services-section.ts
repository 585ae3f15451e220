import { servicesSection as section, type Html, type ServicesView } from '@evenly/service/admin-page';
import { hostPort } from '@evenly/service';
import type { ClusterStatus } from '../mesh/cluster-pipeline.ts';

const view: ServicesView<ClusterStatus, ClusterStatus['endpoints'][number]> = {
  good: { word: 'healthy', is: ({ healthy }) => healthy },
  details: ({ source }) => [source],
  columns: [
    { head: 'Address', value: ({ address, port }) => hostPort(address, port) },
    { head: 'Name', value: ({ hostname }) => hostname ?? '–' },
    { head: 'Zone', value: ({ zone }) => zone ?? '–' },
    { head: 'Weight', value: ({ weight }) => weight ?? 1 },
    {
      head: 'Health',
      mood: true,
      value: ({ healthy, reason, state }) => (healthy ? 'healthy' : (reason ?? state)),
    },
  ],
};

export const servicesSection = (services: readonly ClusterStatus[], query: string): Html =>
  section(services, query, view);
