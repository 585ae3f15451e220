import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointKey, endpointSet, parseEndpointKey, type Endpoint } from './endpoint.ts';

const endpoint = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1, max: 65_535 }),
  state: fc.constantFrom('ready', 'not-ready', 'serving-terminating'),
}) satisfies fc.Arbitrary<Endpoint>;

describe('endpointSet', () => {
  it('has the same version for the same content in any order, and no address twice', () => {
    fc.assert(
      fc.property(fc.uniqueArray(endpoint, { selector: endpointKey }), (endpoints) => {
        const set = endpointSet(endpoints);
        expect(endpointSet([...endpoints].reverse())).toEqual(set);
        expect(endpointSet([...set.endpoints, ...set.endpoints])).toEqual(set);
      }),
    );
  });

  it('has another version when any field differs', () => {
    const one: Endpoint = { address: '10.0.0.1', port: 1, state: 'ready' };
    const variants: Endpoint[] = [
      one,
      { ...one, port: 2 },
      { ...one, state: 'not-ready' },
      { ...one, weight: 2 },
      { ...one, zone: 'a' },
      { ...one, hostname: 'a' },
      { ...one, priority: 1 },
      { ...one, forZones: ['a'] },
      { ...one, additionalAddresses: ['fd00::1'] },
      { ...one, additionalAddresses: ['fd00::2'] },
    ];
    expect(new Set(variants.map((variant) => endpointSet([variant]).version)).size).toBe(variants.length);
  });
});

describe('additional addresses', () => {
  const one = (address: string, additionalAddresses?: string[], port = 1): Endpoint => ({
    ...{ address, port, state: 'ready' },
    ...(additionalAddresses && { additionalAddresses }),
  });
  const additional = (endpoints: Endpoint[]) =>
    endpointSet(endpoints).endpoints.map(({ additionalAddresses }) => additionalAddresses);

  it('are kept, unless they are of an endpoint of the set, or twice', () => {
    expect(additional([one('10.0.0.1', ['fd00::1', 'fd00::2'])])).toEqual([['fd00::1', 'fd00::2']]);
    expect(additional([one('10.0.0.1', ['fd00::1', 'fd00::2']), one('fd00::2')])).toEqual([
      ['fd00::1'],
      undefined,
    ]);
    expect(additional([one('10.0.0.1', ['10.0.0.1'])])).toEqual([undefined]);
    expect(additional([one('10.0.0.1', ['fd00::1']), one('10.0.0.2', ['fd00::1', 'fd00::2'])])).toEqual([
      ['fd00::1'],
      ['fd00::2'],
    ]);
  });

  it('with another port are of nobody else', () => {
    const set = [one('10.0.0.1', ['fd00::1'], 1), one('10.0.0.1', ['fd00::1'], 2)];
    expect(additional(set)).toEqual([['fd00::1'], ['fd00::1']]);
  });
});

describe('parseEndpointKey', () => {
  it('reads what endpointKey writes', () => {
    fc.assert(
      fc.property(endpoint, ({ address, port }) => {
        expect(parseEndpointKey(endpointKey({ address, port }))).toEqual({ address, port });
      }),
    );
  });

  it.each([
    '',
    '10.0.0.1',
    '10.0.0.1:',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '10.0.0:1',
    '::1:1',
    '[10.0.0.1]:1',
    'a:1',
  ])('refuses %j', (text) => expect(parseEndpointKey(text)).toBeUndefined());
});
