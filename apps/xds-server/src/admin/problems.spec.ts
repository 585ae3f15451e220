import { expect, it } from 'vitest';
import { problemsOf } from './problems.ts';
import type { ServerStatus } from './server-status.ts';

it('what is wrong is a problem: certificates that end, memory, endpoints with the word of their check, a service without any', () => {
  const unwell = { address: '10.0.0.1', port: 1, state: 'ready', healthy: false, reason: 'NOT_SERVING' };
  const status = {
    waiting: [
      { gate: 'source a', reason: 'RBAC allows no "list"' },
      { gate: 'source b', reason: 'has not answered yet' },
    ],
    services: [
      { name: 'a', source: 'static', endpoints: [unwell] },
      { name: 'b', source: 'static', endpoints: [] },
    ],
    clusters: [
      { name: 'eu', region: 'eu', sources: 2, away: 0, endpoints: 3 },
      { name: 'us', region: 'us', sources: 2, away: 1, endpoints: 3, error: 'cluster us: ECONNREFUSED' },
    ],
    clients: [],
    security: {
      kind: 'tls',
      certificates: [
        { file: 'gone.crt', validUntil: '2020-01-01T00:00:00.000Z', endsSoon: true },
        { file: 'old.crt', validUntil: '2999-01-01T00:00:00.000Z', endsSoon: true },
        { file: 'good.crt', validUntil: '2999-01-01T00:00:00.000Z', endsSoon: false },
      ],
    },
    memory: { usedBytes: 9, maxBytes: 10, short: true },
    connections: { full: true },
    streamsFull: true,
  } as unknown as ServerStatus;
  const problems = [...problemsOf(status)].map(({ text }) => text.replace(/\s+/g, ' '));
  expect(problems).toEqual([
    '<a href="/readyz">Not ready</a>: waits for source a, source b. <b>source a</b>: <q>RBAC allows no &quot;list&quot;</q>',
    'Cluster <b>us</b>: no updates of 1 of 2 services; what was known last is kept. <q>cluster us: ECONNREFUSED</q>',
    'The certificate in <code>gone.crt</code> ended at 2020-01-01T00:00:00.000Z.',
    'The certificate in <code>old.crt</code> ends soon, at 2999-01-01T00:00:00.000Z.',
    expect.stringContaining('memory for clients is used (9 of 10 bytes)'),
    'The port takes no more connections: it has as many as it may.',
    'The port takes no more streams: it has as many as it may.',
    '<b>a</b>: 1 of 1 endpoint is not healthy, such as <code>10.0.0.1:1</code>: <q>NOT_SERVING</q>',
    '<b>b</b> has no endpoints.',
  ]);
});
