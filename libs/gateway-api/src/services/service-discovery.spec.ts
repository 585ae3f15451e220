import { describe, expect, it } from 'vitest';
import { readDiscoverable, writeDiscoverable } from './discoverable.ts';
import { ServiceDiscovery } from './service-discovery.ts';

const grpc = { name: 'grpc', port: 8080, protocol: 'TCP' };

function discover(spec: object, metadata: object = {}) {
  const object = { metadata: { name: 'shop', namespace: 'eu', uid: '1', ...metadata }, spec };
  const { part, faults } = new ServiceDiscovery().partOf([readDiscoverable(object)]);
  return {
    part,
    services: [...part.services.values()],
    names: [...part.services.keys()],
    faults: faults.map(({ message }) => message),
  };
}
const noted = (annotations: Record<string, string>, ports: object[] = [grpc]) =>
  discover({ ports }, { annotations });

describe('a port speaks gRPC', () => {
  it.each([
    [{ appProtocol: 'kubernetes.io/h2c' }],
    [{ appProtocol: 'grpc' }],
    [{ appProtocol: 'GRPC' }],
    [{ name: 'grpc' }],
    [{ name: 'grpc-shop' }],
  ])('by %j', (port) => {
    expect(discover({ ports: [{ port: 8080, ...port }] }).names).toEqual(['shop.eu:8080']);
  });

  it.each([
    [{ name: 'http' }],
    [{}],
    [{ name: 'grpc-web' }],
    [{ name: 'grpcs' }],
    [{ name: 'grpc', appProtocol: 'http' }],
    [{ name: 'grpc', protocol: 'UDP' }],
  ])('but not by %j', (port) => {
    expect(discover({ ports: [{ port: 8080, ...port }] }).names).toEqual([]);
  });

  it('where an annotation or a label says so: all, none, or those that it names', () => {
    const ports = [grpc, { name: 'admin', port: 9090 }, { name: 'dns', port: 53, protocol: 'UDP' }];
    expect(noted({ 'evenly.dev/discover': 'true' }, ports).names).toEqual(['shop.eu:8080', 'shop.eu:9090']);
    const adminFirst = [...ports].reverse();
    expect(noted({ 'evenly.dev/discover': 'true' }, adminFirst).part.routes[0]!.to).toMatchObject([
      { service: 'shop.eu:8080' },
    ]);
    expect(noted({ 'evenly.dev/discover': 'false' }, ports).names).toEqual([]);
    expect(noted({ 'evenly.dev/discover': 'admin, 8080' }, ports).names).toEqual([
      'shop.eu:9090',
      'shop.eu:8080',
    ]);
    expect(discover({ ports }, { labels: { 'evenly.dev/discover': 'admin' } }).names).toEqual([
      'shop.eu:9090',
    ]);
    expect(noted({ 'evenly.dev/discover': 'admin,nix' }, ports)).toMatchObject({
      names: ['shop.eu:9090'],
      faults: [
        'evenly.dev/discover: must be true, false or TCP ports of the Service; "nix" is none of grpc (8080), admin (9090)',
      ],
    });
  });
});

it.each([
  { ports: [grpc, { name: 'admin', port: 9090 }], trafficDistribution: 'PreferClose' },
  { ports: [{ port: 1, appProtocol: 'grpc' }], type: 'ExternalName', externalName: 'shop.example.org' },
  { type: 'ExternalName' },
])('is written so that it is read as the same: %j', (spec) => {
  const annotations = { 'evenly.dev/discover': 'admin', 'evenly.dev/service': 'policy: {}', other: 'x' };
  const metadata = { name: 'shop', namespace: 'eu', uid: '1', annotations, labels: { 'evenly.dev/x': 'y' } };
  const service = readDiscoverable({ metadata, spec })!;
  const again: unknown = JSON.parse(JSON.stringify(writeDiscoverable(service)));
  expect(readDiscoverable(again)).toEqual({ ...service, fault: undefined });
});

it('has every port of TCP where that is wanted, but for one that opted out', () => {
  const names = (annotations: Record<string, string>) => {
    const metadata = { name: 'shop', namespace: 'eu', annotations };
    const ports = [{ port: 8080 }, { name: 'dns', port: 53, protocol: 'UDP' }];
    const service = readDiscoverable({ metadata, spec: { ports } });
    return [...new ServiceDiscovery({ everyPort: true }).partOf([service]).part.services.keys()];
  };
  expect(names({})).toEqual(['shop.eu:8080']);
  expect(names({ 'evenly.dev/discover': 'false' })).toEqual([]);
});

describe('its endpoints', () => {
  it('are those of its EndpointSlices, by the name of the port', () => {
    const { services } = discover({ ports: [grpc] });
    expect(services[0]!.source).toEqual({
      kind: 'kubernetes',
      service: 'shop',
      namespace: 'eu',
      port: 'grpc',
    });
  });

  it('are the addresses of an external name', () => {
    const { services } = discover({ type: 'ExternalName', externalName: 'shop.example.org', ports: [grpc] });
    expect(services[0]!.source).toMatchObject({ kind: 'dns-a', name: 'shop.example.org', port: 8080 });
  });

  it('are close to the client where Kubernetes writes hints, unless the annotation prefers something else', () => {
    const hinted = { ports: [grpc], trafficDistribution: 'PreferClose' };
    expect(discover(hinted).services[0]!.policy.zonePreference).toBe('hints');
    const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' };
    expect(noted(annotations).services[0]!.policy.zonePreference).toBe('hints');
    const least = { annotations: { 'evenly.dev/service': 'policy: { loadBalancing: least-request }' } };
    expect(discover(hinted, least).services[0]!.policy).toMatchObject({
      zonePreference: 'hints',
      loadBalancing: 'least-request',
    });
    const none = { annotations: { 'evenly.dev/service': 'policy: { zonePreference: none }' } };
    expect(discover(hinted, none).services[0]!.policy.zonePreference).toBe('none');
  });

  it('are by its first gRPC port for who names none', () => {
    const ports = [{ name: 'http', port: 80 }, grpc, { name: 'grpc-b', port: 8081 }];
    const { part } = discover({ ports });
    expect(part.routes).toMatchObject([
      { match: { authority: 'shop.eu:0' }, to: [{ service: 'shop.eu:8080' }] },
    ]);
  });
});

describe('the annotation evenly.dev/service', () => {
  it('has what a service of a config file has', () => {
    const { services, faults } = noted({
      'evenly.dev/service':
        'policy:\n  loadBalancing: ring-hash\n  hashHeader: x-user\nhealthCheck: { interval: 2s }\n',
    });
    expect(faults).toEqual([]);
    expect(services[0]).toMatchObject({
      name: 'shop.eu:8080',
      policy: { loadBalancing: 'ring-hash', hashHeader: 'x-user' },
      healthCheck: { intervalMs: 2000 },
    });
  });

  it.each([
    ['policy: { loadBalancing: fastest }', /line 1: policy\.loadBalancing: /],
    ['a: 1\npolicy: {}', /line 1: .*a/],
    ['policy: [', /evenly\.dev\/service: /],
    ['source: { static: { endpoints: [] } }', /source/],
    ['tls: { ca: /etc/passwd }', /tls: only a config file can say this/],
    [
      'subsets: { v2: { source: { static: { endpoints: [] } } } }',
      /subsets: only a config file can say this/,
    ],
    ['routes: []', /routes/],
    ['policy: {}\nroutes: []', /line 2: /],
    ['', undefined],
  ])('that is wrong is told, and the Service served without: %j', (note, reason) => {
    const { faults, services } = noted({ 'evenly.dev/service': note });
    if (reason === undefined) expect(faults).toEqual([]);
    else expect(faults.join()).toMatch(reason);
    expect(services).toMatchObject([{ name: 'shop.eu:8080', policy: { loadBalancing: 'round-robin' } }]);
  });

  it('cannot leave its place in the config by fewer blanks', () => {
    const { part, faults } = noted({
      'evenly.dev/service': 'policy: {}\n  other:\n   source: { static: { endpoints: [] } }',
    });
    expect([...part.services.keys()]).toEqual(['shop.eu:8080']);
    expect(faults).not.toEqual([]);
  });
});

it('says which of our annotations it does not know, and what of an object cannot be read', () => {
  expect(noted({ 'evenly.dev/polisy': '' }).faults).toEqual([
    'evenly.dev/polisy: is no annotation that is known; there are evenly.dev/discover and evenly.dev/service',
  ]);
  expect(discover({ ports: [{ port: 'x' }] })).toMatchObject({
    names: [],
    faults: [expect.stringContaining('spec.ports[0].port')],
  });
});

it('makes the same objects of what has not changed', () => {
  const discovery = new ServiceDiscovery();
  const object = readDiscoverable({ metadata: { name: 'shop', namespace: 'eu' }, spec: { ports: [grpc] } });
  const one = discovery.partOf([object]).part.services.get('shop.eu:8080');
  expect(discovery.partOf([object]).part.services.get('shop.eu:8080')).toBe(one);
});
