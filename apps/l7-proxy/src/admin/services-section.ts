import {
  count,
  placeOf,
  servicesSection as section,
  type Html,
  type ServicesView,
} from '@evenly/service/admin-page';
import type { EndpointStatus, ServiceStatus } from './status.ts';

const view: ServicesView<ServiceStatus, EndpointStatus> = {
  good: { is: ({ state }) => state === 'ready', word: () => 'ready' },
  details: ({ loadBalancing, source, underWay, waiting }) => {
    const calls = `${count(underWay, 'call')} under way${waiting > 0 ? `, ${waiting} wait for a connection` : ''}`;
    return [loadBalancing, source, calls];
  },
  columns: [
    { head: 'Address', value: ({ address }) => address },
    {
      head: 'State',
      mood: true,
      value: ({ state, error }) => (error === undefined ? state : `${state}: ${error}`),
    },
    { head: 'Name', value: ({ hostname }) => hostname ?? '–' },
    { head: 'Zone', value: placeOf },
    { head: 'Connections', number: true, value: ({ connections }) => connections },
    { head: 'Under way', number: true, value: ({ active }) => active },
    { head: 'Calls', number: true, value: ({ calls }) => calls },
    { head: 'Failed', number: true, value: ({ failures }) => failures },
  ],
};

export const servicesSection = (services: readonly ServiceStatus[], query: string): Html =>
  section(services, query, view);
