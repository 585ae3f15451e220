import { describe, expect, it } from 'vitest';
import { sliceObject } from '../testing/kube.ts';
import { readEndpointSlice } from './endpoint-slice.ts';

describe('readEndpointSlice', () => {
  it('writes an address in its one spelling, or one that is in two slices would count as two', () => {
    const slice = sliceObject('be1-srv-1', { endpoints: [{ addresses: ['FD00:0::1'] }] });
    expect(readEndpointSlice(slice).endpoints[0]?.address).toBe('fd00::1');
  });

  it('keeps what is used of it', () => {
    const targetRef = { kind: 'Pod', namespace: 'default', name: 'be1-srv-x', uid: 'u1' };
    const hints = { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'n' }] };
    const endpoints = [{ addresses: ['10.0.0.1', '10.0.0.2'], nodeName: 'n', zone: 'a', hints, targetRef }];
    const ports = [
      ...[
        { name: 'grpc', port: 50051 },
        { name: 'dns', protocol: 'UDP', port: 53 },
      ],
      ...[{ protocol: 'TCP', port: 80 }, { name: 'all' }],
    ];
    expect(readEndpointSlice(sliceObject('be1-srv-1', { endpoints, ports }))).toEqual({
      name: 'be1-srv-1',
      service: 'be1-srv',
      ports: [
        { name: 'grpc', port: 50051 },
        { name: '', port: 80 },
      ],
      anyPort: true,
      endpoints: [
        {
          ...{ address: '10.0.0.1', state: 'ready', hostname: 'be1-srv-x' },
          ...{ zone: 'a', forZones: ['a', 'b'], forNodes: ['n'], podUid: 'u1' },
        },
      ],
    });
  });

  it.each([
    [{}, 'ready'],
    [{ ready: true, serving: true, terminating: false }, 'ready'],
    [{ ready: null, serving: null, terminating: null }, 'ready'],
    [{ ready: false, serving: false, terminating: false }, 'not-ready'],
    [{ ready: false }, 'not-ready'],
    [{ ready: false, serving: true, terminating: true }, 'serving-terminating'],
    [{ serving: true, terminating: true }, 'serving-terminating'],
    [{ terminating: true }, 'serving-terminating'],
    [{ ready: false, terminating: true }, 'not-ready'],
    [{ ready: false, serving: false, terminating: true }, 'not-ready'],
    // A service with publishNotReadyAddresses: the API says that ready is always true then.
    [{ ready: true, serving: true, terminating: true }, 'ready'],
  ])('takes the conditions %o for %s', (conditions, state) => {
    const endpoint = { addresses: ['10.0.0.1'], conditions: conditions as { ready?: boolean } };
    expect(readEndpointSlice(sliceObject('a', { endpoints: [endpoint] })).endpoints[0]!.state).toBe(state);
  });

  it('takes null for nothing, as the API sends it for a service without pods', () => {
    const empty = { name: 'a', service: 'be1-srv', ports: [], anyPort: true, endpoints: [] };
    expect(readEndpointSlice(sliceObject('a', { endpoints: null, ports: null }))).toEqual(empty);
  });

  it.each([
    ['null', null, true],
    ['none', [], true],
    ['one without a number', [{ name: 'grpc', port: null }], true],
    ['one without a number beside others', [{ name: 'http', port: 80 }, {}], true],
    ['one of UDP only', [{ protocol: 'UDP', port: 53 }], false],
    ['UDP without a number', [{ protocol: 'UDP' }], false],
    ['one', [{ name: 'grpc', port: 50051 }], false],
  ])('says whether any port may be called: %s', (_, ports, anyPort) => {
    expect(readEndpointSlice({ ...sliceObject('a'), ports }).anyPort).toBe(anyPort);
  });

  it('leaves out names, which nobody can dial', () => {
    const names = sliceObject('a', { addressType: 'FQDN', endpoints: [{ addresses: ['be1.example.org'] }] });
    expect(readEndpointSlice(names).endpoints).toEqual([]);
  });

  it.each([
    [undefined, 'no EndpointSlice'],
    ['text', 'no EndpointSlice'],
    [{ metadata: {} }, 'no EndpointSlice'],
    [
      { ...sliceObject('a'), endpoints: [{ addresses: ['nonsense'] }] },
      'a that cannot be read: "nonsense" is no IP',
    ],
    [{ ...sliceObject('a'), endpoints: [{}] }, '"" is no IP address'],
    [{ ...sliceObject('a'), endpoints: [null] }, 'a that cannot be read'],
    [{ ...sliceObject('a'), ports: 7 }, 'a that cannot be read'],
  ])('refuses %j', (object, reason) => {
    expect(() => readEndpointSlice(object)).toThrow(expect.objectContaining({ code: 'INVALID' }));
    expect(() => readEndpointSlice(object)).toThrow(reason);
  });
});
