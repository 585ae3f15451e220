import { expect, it } from 'vitest';
import { ticketKeys, type TicketScope } from './session-tickets.ts';

const scope = { secret: Buffer.alloc(32, 1), listener: 'one', needsClientCertificate: true };
const ca = Buffer.from('these');
const keys = (more: Partial<TicketScope> = {}, certificates = {}) =>
  ticketKeys({ ...scope, ...more }, { ca, ...certificates }).toString('hex');

it('stay with other certificates of a server', () => {
  expect(keys()).toHaveLength(96);
  expect(keys({}, { cert: Buffer.from('a'), key: Buffer.from('b') })).toBe(keys());
});

it.each([
  ['another secret', { secret: Buffer.alloc(32, 2) }, {}],
  ['another listener', { listener: 'two' }, {}],
  ['clients without certificates', { needsClientCertificate: false }, {}],
  ['other authorities of clients', {}, { ca: Buffer.from('those') }],
])('are others for %s', (_what, other, certificates) => {
  expect(keys(other, certificates)).not.toBe(keys());
});
