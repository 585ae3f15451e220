import { expect, it } from 'vitest';
import { problemsOf } from './problems.ts';
import type { ServerStatus } from './server-status.ts';

it('an endpoint that is not healthy is a problem, with the word of its check; so is a service without any', () => {
  const unwell = { address: '10.0.0.1', port: 1, state: 'ready', healthy: false, reason: 'NOT_SERVING' };
  const status = {
    services: [
      { name: 'a', source: 'static', endpoints: [unwell] },
      { name: 'b', source: 'static', endpoints: [] },
    ],
    clients: [],
    security: { kind: 'plaintext' },
  } as unknown as ServerStatus;
  const problems = [...problemsOf(status)].map(({ text }) => text.replace(/\s+/g, ' '));
  expect(problems).toEqual([
    '<b>a</b>: 1 of 1 endpoint is not healthy, such as <code>10.0.0.1:1</code>: <q>NOT_SERVING</q>',
    '<b>b</b> has no endpoints.',
  ]);
});
