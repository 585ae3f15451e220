import { describe, expect, it } from 'vitest';
import type { EndpointSlice, SliceEndpoint } from './endpoint-slice.ts';
import { sliceMerger } from './slice-endpoints.ts';

const grpc = { name: 'grpc', port: 50051 };
const ready = (address: string, podUid?: string): SliceEndpoint => ({
  ...{ address, state: 'ready' },
  ...(podUid !== undefined && { podUid }),
});
const slice = (name: string, endpoints: SliceEndpoint[], ports = [grpc], anyPort = false): EndpointSlice => ({
  ...{ name, ports, anyPort, endpoints },
});

const endpointsOfSlices = (slices: EndpointSlice[], port: string | number) => sliceMerger(port)(slices);

describe('sliceMerger', () => {
  it('merges all slices', () => {
    const slices = [slice('a', [ready('10.0.0.1')]), slice('b', [ready('10.0.0.2')]), slice('c', [])];
    expect(endpointsOfSlices(slices, 'grpc')).toEqual({
      endpoints: [
        { address: '10.0.0.1', port: 50051, state: 'ready' },
        { address: '10.0.0.2', port: 50051, state: 'ready' },
      ],
    });
  });

  it('takes the better state of an address that is in two slices, in any order', () => {
    const states = ['not-ready', 'serving-terminating', 'ready'] as const;
    for (const one of states)
      for (const other of states) {
        const slices = [one, other].map((state) => slice(state, [{ address: '10.0.0.1', state }]));
        const best = states[Math.max(states.indexOf(one), states.indexOf(other))];
        expect(endpointsOfSlices(slices, 'grpc').endpoints.map(({ state }) => state)).toEqual([best]);
      }
  });

  it('finds the port by name or number, each slice its own', () => {
    const slices = [
      slice('a', [ready('10.0.0.1')], [{ name: 'http', port: 8080 }, grpc]),
      slice('b', [ready('10.0.0.1')], [{ name: 'grpc', port: 50052 }]),
    ];
    expect(endpointsOfSlices(slices, 'grpc').endpoints.map(({ port }) => port)).toEqual([50051, 50052]);
    expect(endpointsOfSlices(slices, 8080).endpoints.map(({ port }) => port)).toEqual([8080]);
  });

  it.each([
    ['its number', 50051, [grpc], [50051]],
    ['its name', 'grpc', [grpc], [50051]],
    ['a number that is a name only', 50051, [{ name: '50051', port: 8080 }], [8080]],
    ['digits as a name', '50051', [{ name: '50051', port: 8080 }, grpc], [8080]],
    ['a number in quotes', '50051', [grpc], [50051]],
    ['a number, and a name that looks the same', 50051, [{ name: '50051', port: 8080 }, grpc], [50051]],
  ])('finds a port by %s', (_, port, ports, found) => {
    const { endpoints } = endpointsOfSlices([slice('a', [ready('10.0.0.1')], ports)], port);
    expect(endpoints.map((each) => each.port)).toEqual(found);
  });

  it.each([8080, '8080'])('takes the number that is asked for (%o) where the slice says no port', (port) => {
    for (const ports of [[], [grpc]]) {
      const { endpoints, withoutPort } = endpointsOfSlices(
        [slice('a', [ready('10.0.0.1')], ports, true)],
        port,
      );
      expect(endpoints).toMatchObject([{ address: '10.0.0.1', port: 8080 }]);
      expect(withoutPort).toBeUndefined();
    }
  });

  it.each(['http', '0', '65536', '99999'])('cannot take %o where the slice says no port', (port) => {
    const found = endpointsOfSlices([slice('a', [ready('10.0.0.1')], [], true)], port);
    expect(found).toEqual({ endpoints: [], withoutPort: { slices: ['a'], ports: [] } });
  });

  it('says which slices lack the port, and what they have', () => {
    const other = [
      { name: 'http', port: 8080 },
      { name: '', port: 80 },
    ];
    const slices = [
      slice('a', [ready('10.0.0.1')]),
      slice('b', [ready('10.0.0.2')], other),
      slice('c', [], []),
    ];
    expect(endpointsOfSlices(slices, 'grpc')).toMatchObject({
      endpoints: [{ address: '10.0.0.1' }],
      withoutPort: { slices: ['b'], ports: ['http (8080)', 'without name (80)'] },
    });
  });

  it('counts a dual-stack pod once, by IPv4, with its IPv6 address; and keeps one that has IPv6 only', () => {
    const six = slice('six', [ready('fd00::1', 'u1'), ready('fd00::2', 'u2'), ready('fd00::3')]);
    const slices = [six, slice('four', [ready('10.0.0.1', 'u1'), ready('10.0.0.4')])];
    const merge = sliceMerger('grpc');
    const { endpoints } = merge(slices);
    const addresses = endpoints.map((each) => [each.address, ...(each.additionalAddresses ?? [])].join());
    expect(addresses.sort()).toEqual(['10.0.0.1,fd00::1', '10.0.0.4', 'fd00::2', 'fd00::3']);
    const again = merge([...slices, slice('late', [ready('10.0.0.5', 'u5')])]).endpoints;
    expect(endpoints.every((each) => again.includes(each))).toBe(true);
  });

  it('keeps the ports of a dual-stack pod apart', () => {
    const four = slice('four', [ready('10.0.0.1', 'u1')]);
    const six = slice('six', [ready('fd00::1', 'u1')], [{ name: 'grpc', port: 50052 }]);
    expect(endpointsOfSlices([four, six], 'grpc').endpoints).toEqual([
      { address: '10.0.0.1', port: 50051, state: 'ready' },
      { address: 'fd00::1', port: 50052, state: 'ready' },
    ]);
  });

  it('sees what changed when slices are replaced, and only then', () => {
    const merge = sliceMerger('grpc');
    const [a, b] = [slice('a', [ready('10.0.0.1')]), slice('b', [ready('10.0.0.2')])];
    const before = merge([a, b]).endpoints;
    const after = merge([a, slice('b', [ready('10.0.0.3')])]).endpoints;
    expect(after.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.3']);
    expect(after[0]).toBe(before[0]);
  });
});
