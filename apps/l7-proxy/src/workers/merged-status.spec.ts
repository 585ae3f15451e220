import { expect, it } from 'vitest';
import type { ProxyStatus, ServiceStatus } from '../admin/status.ts';
import { mergeStatus } from './merged-status.ts';

const endpoint = {
  address: '10.0.0.1:1',
  state: 'ready' as const,
  connections: 1,
  active: 0,
  calls: 1,
  failures: 0,
};
const well: ServiceStatus = {
  name: 'a',
  source: 'static',
  loadBalancing: 'round-robin',
  underWay: 0,
  waiting: 0,
  openBreakers: [],
  endpoints: [endpoint],
};
const listener = { name: 'in', connections: 1, accepted: 1, failed: 0, refused: 0, full: false, routes: [] };
const certificate = { file: 'tls.crt', validUntil: '2030-01-01T00:00:00.000Z', endsSoon: false };
const good: ProxyStatus = {
  waiting: [],
  clusters: [],
  listeners: [listener],
  services: [well],
  unrouted: 0,
  certificates: [certificate],
  memory: { usedBytes: 1, maxBytes: 10, short: false },
};

it('what is wrong in one worker is wrong, whichever it is', () => {
  const bad: ProxyStatus = {
    ...good,
    listeners: [{ ...listener, full: true, error: 'port 1 is in use' }],
    services: [
      {
        ...well,
        error: 'NXDOMAIN',
        unusable: 'all have weight 0',
        openBreakers: [{ kind: 'request', limit: 5, refused: 2 }],
        endpoints: [{ ...endpoint, state: 'unhealthy', error: 'NOT_SERVING' }],
      },
    ],
    certificates: [{ ...certificate, endsSoon: true }],
    memory: { usedBytes: 9, maxBytes: 10, short: true },
  };
  for (const all of [
    [good, bad],
    [bad, good],
  ])
    expect(mergeStatus(all)).toMatchObject({
      listeners: [{ connections: 2, full: true, error: 'port 1 is in use' }],
      services: [
        {
          error: 'NXDOMAIN',
          unusable: 'all have weight 0',
          openBreakers: [{ kind: 'request', limit: 5, refused: 2 }],
          endpoints: [{ state: 'unhealthy', calls: 2, error: 'NOT_SERVING' }],
        },
      ],
      certificates: [{ endsSoon: true }],
      memory: { usedBytes: 10, maxBytes: 20, short: true },
    });
  expect(mergeStatus([good, good]).services[0]).not.toHaveProperty('error');
});
