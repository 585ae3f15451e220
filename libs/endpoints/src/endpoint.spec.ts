import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointKey, endpointSet, parseEndpointKey, type Endpoint } from './endpoint.ts';
import { canonicalAddress } from './ip-address.ts';

const endpoint = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1, max: 65_535 }),
  state: fc.constantFrom('ready', 'not-ready', 'serving-terminating'),
}) satisfies fc.Arbitrary<Endpoint>;

describe('endpointSet', () => {
  it('has the same version for the same content in any order, and no address twice', () => {
    const keyOf = ({ address, port }: Endpoint) => `${canonicalAddress(address)} ${port}`;
    fc.assert(
      fc.property(fc.uniqueArray(endpoint, { selector: keyOf }), (endpoints) => {
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
      { ...one, forNodes: ['a'] },
      { ...one, additionalAddresses: ['fd00::1'] },
      { ...one, additionalAddresses: ['fd00::2'] },
    ];
    expect(new Set(variants.map((variant) => endpointSet([variant]).version)).size).toBe(variants.length);
  });
});

describe('an address in several spellings', () => {
  const at = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
    ...{ address, port: 80, state: 'ready', ...more },
  });

  it('is one endpoint, and a set of the same version', () => {
    const set = endpointSet([at('0:0:0:0:0:0:0:1'), at('::1'), at('::FFFF:10.0.0.1'), at('10.0.0.1')]);
    expect(set.endpoints.map(endpointKey)).toEqual(['10.0.0.1:80', '[::1]:80']);
    expect(set.version).toBe(endpointSet([at('::1'), at('10.0.0.1')]).version);
    expect(
      endpointSet([at('fe80::1%eth0'), at('fe80:0::1%eth0'), at('fe80::1%eth1')]).endpoints,
    ).toHaveLength(2);
  });

  it('is one additional address', () => {
    const both = at('10.0.0.1', { additionalAddresses: ['FD00::1', 'fd00:0::1', '::ffff:10.0.0.1'] });
    expect(endpointSet([both]).endpoints).toEqual([at('10.0.0.1', { additionalAddresses: ['fd00::1'] })]);
  });

  it('costs no new object where it is in its one spelling, or was seen before', () => {
    const [long, short] = [at('0::1'), at('::2')];
    const first = endpointSet([long, short]).endpoints;
    const second = endpointSet([long, short]).endpoints;
    expect(first.every((endpoint, index) => endpoint === second[index])).toBe(true);
    expect(first[1]).toBe(short);
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
        const [one] = endpointSet([{ address, port, state: 'ready' }]).endpoints;
        expect(parseEndpointKey(endpointKey({ address, port }))).toEqual({ address: one!.address, port });
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
