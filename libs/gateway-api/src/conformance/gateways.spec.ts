import { authority } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

/** What the official suite's Gateway tests of profile GATEWAY-GRPC read in status; named as they are. */

const pair = await (await authority('test')).issue('shop', { dnsNames: ['shop.example.org'] });
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (name: string, namespace: string, cert = pair.cert, key = pair.key) => `
kind: Secret
type: kubernetes.io/tls
metadata: { name: ${name}, namespace: ${namespace} }
data: { tls.crt: ${base64(cert)}, tls.key: ${base64(key)} }
`;

const cluster = (...objects: string[]) =>
  new TestCluster().apply([gatewayClass, service('v1'), ...objects].join('---')).run();
const listenersOf = (objects: TestCluster, name = 'g') =>
  objects.statusOf('Gateway', name).listeners.map(({ name, supportedKinds, attachedRoutes, ...status }) => ({
    name,
    kinds: supportedKinds.map(({ kind }) => kind),
    attachedRoutes,
    conditions: conditionsOf(status),
  }));
const https = (reference: string) =>
  `[{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [${reference}] } }]`;
const good = [
  'Accepted=True/Accepted',
  'Programmed=True/Programmed',
  'ResolvedRefs=True/ResolvedRefs',
  'Conflicted=False/NoConflicts',
];

describe('a Gateway', () => {
  it('is accepted and programmed, with its listeners and addresses', () => {
    const objects = cluster(gateway('g', '[{ name: http, port: 80, protocol: HTTP }]'));
    const status = objects.statusOf('Gateway', 'g');
    expect(conditionsOf(status)).toEqual(['Accepted=True/Accepted', 'Programmed=True/Programmed']);
    expect(status.addresses).toEqual([{ type: 'IPAddress', value: '192.0.2.1' }]);
    expect(listenersOf(objects)).toEqual([
      { name: 'http', kinds: ['HTTPRoute', 'GRPCRoute'], attachedRoutes: 0, conditions: good },
    ]);
  });

  it('is not programmed before it has an address and a proxy', () => {
    const objects = cluster(gateway('g', '[{ name: http, port: 80, protocol: HTTP }]'));
    objects.facts = { gateways: new Map() };
    expect(conditionsOf(objects.statusOf('Gateway', 'g'))[1]).toBe('Programmed=False/AddressNotAssigned');
    expect(listenersOf(objects)[0]!.conditions[1]).toBe('Programmed=False/Pending');
    const addresses = [{ type: 'IPAddress', value: '192.0.2.1' }];
    objects.facts = { gateways: new Map([['default/g', { available: false, addresses }]]) };
    expect(conditionsOf(objects.statusOf('Gateway', 'g'))[1]).toBe('Programmed=False/Pending');
  });

  it('that wants certificates of clients has no HTTPS listener, for it would let in everybody', () => {
    const both = `[{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: good }] } }, { name: http, port: 80, protocol: HTTP }]`;
    const asked = 'tls: { frontend: { default: { validation: { caCertificateRefs: [] } } } }';
    const [listener, plain] = listenersOf(cluster(gateway('g', both, asked), secret('good', 'default')));
    expect(listener!.conditions.slice(0, 2)).toEqual([
      'Accepted=False/UnsupportedValue',
      'Programmed=False/Invalid',
    ]);
    expect(plain!.conditions).toEqual(good);
  });

  it('of a class of somebody else gets no status', () => {
    const objects = cluster(
      gateway('g', '[{ name: http, port: 80, protocol: HTTP }]').replace('evenly', 'istio'),
    );
    expect(objects.translate().statuses.map(({ kind }) => kind)).toEqual(['GatewayClass']);
  });

  it('GatewayInvalidRouteKind', () => {
    const kinds = (names: string) =>
      `[{ name: http, port: 80, protocol: HTTP, allowedRoutes: { kinds: [${names}] } }]`;
    const objects = cluster(
      gateway('only', kinds('{ kind: InvalidRoute }')),
      gateway('both', kinds('{ kind: InvalidRoute }, { kind: HTTPRoute }')),
    );
    const [only, both] = [listenersOf(objects, 'only')[0]!, listenersOf(objects, 'both')[0]!];
    expect([only.kinds, both.kinds]).toEqual([[], ['HTTPRoute']]);
    expect([only.conditions[2], both.conditions[2]]).toEqual(
      Array(2).fill('ResolvedRefs=False/InvalidRouteKinds'),
    );
  });

  it.each([
    ['{ name: missing }'],
    ['{ name: good, group: wrong.example.io }'],
    ['{ name: good, kind: WrongKind }'],
    ['{ name: rubbish }'],
    ['{ name: other-key }'],
  ])('GatewayInvalidTLSConfiguration: %s', async (reference) => {
    const other = await (await authority('test')).issue('shop', {});
    const objects = cluster(
      secret('good', 'default'),
      secret('rubbish', 'default', 'Hello world\n', 'Hello world\n'),
      secret('other-key', 'default', pair.cert, other.key),
      gateway('g', https(reference)),
    );
    expect(listenersOf(objects)).toEqual([
      {
        name: 'https',
        kinds: ['HTTPRoute', 'GRPCRoute'],
        attachedRoutes: 0,
        conditions: [
          good[0],
          'Programmed=False/Invalid',
          'ResolvedRefs=False/InvalidCertificateRef',
          good[3],
        ],
      },
    ]);
    expect(objects.translate().listeners).toEqual([]);
  });

  it('serves its certificate by the name of the listener', () => {
    const tls = 'tls: { certificateRefs: [{ name: good }] }';
    const listeners = `[{ name: a, port: 443, protocol: HTTPS, ${tls} }, { name: b, port: 443, protocol: HTTPS, hostname: '*.example.org', ${tls} }]`;
    const { listeners: served } = cluster(secret('good', 'default'), gateway('g', listeners)).translate();
    expect(served).toMatchObject([
      {
        name: 'gateway/default/g/443',
        certificates: [
          { serverNames: ['*'], cert: pair.cert, key: pair.key },
          { serverNames: ['*.example.org'], cert: pair.cert, key: pair.key },
        ],
      },
    ]);
  });

  it('serves several certificates, each for its names, and the first for all others', async () => {
    const issuer = await authority('several');
    const [one, two] = await Promise.all([
      issuer.issue('one', { dnsNames: ['one.example.org', 'both.example.org', 'x.special.org'] }),
      issuer.issue('two', { dnsNames: ['*.example.org', 'both.example.org', '*.special.org'] }),
    ]);
    const tls = 'tls: { certificateRefs: [{ name: one }, { name: two }] }';
    const special = 'tls: { certificateRefs: [{ name: two }] }';
    const listeners = `[{ name: a, port: 443, protocol: HTTPS, ${tls} }, { name: b, port: 443, protocol: HTTPS, hostname: '*.special.org', ${special} }]`;
    const secrets = [
      secret('one', 'default', one.cert, one.key),
      secret('two', 'default', two.cert, two.key),
    ];
    const [served] = cluster(...secrets, gateway('g', listeners)).translate().listeners;
    expect(served!.certificates!.map(({ serverNames, cert }) => [cert === one.cert, ...serverNames])).toEqual(
      [
        [true, '*', 'one.example.org', 'both.example.org'],
        [false, '*.example.org'],
        [false, '*.special.org'],
      ],
    );
  });

  it('GatewayListenerUnsupportedProtocol', () => {
    const bad = '{ name: invalid, port: 1111, protocol: INVALID }';
    const objects = cluster(
      gateway('only', `[${bad}]`),
      gateway('some', `[{ name: http, port: 80, protocol: HTTP }, ${bad}]`),
    );
    expect(conditionsOf(objects.statusOf('Gateway', 'only'))).toEqual([
      'Accepted=False/ListenersNotValid',
      'Programmed=False/Invalid',
    ]);
    expect(conditionsOf(objects.statusOf('Gateway', 'some'))).toEqual([
      'Accepted=True/ListenersNotValid',
      'Programmed=True/Programmed',
    ]);
    const unsupported = {
      name: 'invalid',
      kinds: [],
      attachedRoutes: 0,
      conditions: ['Accepted=False/UnsupportedProtocol', 'Programmed=False/Invalid', good[2], good[3]],
    };
    expect(listenersOf(objects, 'only')).toEqual([unsupported]);
    expect(listenersOf(objects, 'some')[1]).toEqual(unsupported);
    expect(listenersOf(objects, 'some')[0]!.conditions).toEqual(good);
  });

  it('GatewayModifyListeners, GatewayObservedGenerationBump', () => {
    const attached = route(
      'HTTPRoute',
      'r',
      '{ parentRefs: [{ name: g }], rules: [{ backendRefs: [{ name: v1, port: 8080 }] }] }',
    );
    const both = `[{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: good }] } }, { name: http, port: 80, protocol: HTTP }]`;
    const objects = cluster(secret('good', 'default'), attached, gateway('g', https('{ name: good }')));
    expect(listenersOf(objects).map(({ name, attachedRoutes }) => [name, attachedRoutes])).toEqual([
      ['https', 1],
    ]);
    objects.apply(gateway('g', both).replace('name: g ', 'name: g, generation: 2 '));
    expect(listenersOf(objects).map(({ name, attachedRoutes }) => [name, attachedRoutes])).toEqual([
      ['https', 1],
      ['http', 1],
    ]);
    const { conditions, listeners } = objects.statusOf('Gateway', 'g');
    const generations = [conditions, ...listeners.map((one) => one.conditions)]
      .flat()
      .map((one) => one.observedGeneration);
    expect(new Set(generations)).toEqual(new Set([2]));
    objects.apply(
      gateway('g', '[{ name: http, port: 80, protocol: HTTP }]').replace(
        'name: g ',
        'name: g, generation: 3 ',
      ),
    );
    expect(listenersOf(objects)).toEqual([
      { name: 'http', kinds: ['HTTPRoute', 'GRPCRoute'], attachedRoutes: 1, conditions: good },
    ]);
  });

  const grant = (name: string, from: string, to: string, namespace = 'certificates') => `
kind: ReferenceGrant
metadata: { name: ${name}, namespace: ${namespace} }
spec: { from: [${from}], to: [${to}] }
`;
  const fromHere = '{ group: gateway.networking.k8s.io, kind: Gateway, namespace: default }';
  const toSecrets = '{ group: "", kind: Secret }';
  const elsewhere = (...grants: string[]) =>
    listenersOf(
      cluster(
        secret('there', 'certificates'),
        gateway('g', https('{ name: there, namespace: certificates }')),
        ...grants,
      ),
    )[0]!;

  it('GatewaySecretMissingReferenceGrant', () => {
    const { kinds, conditions } = elsewhere();
    expect(kinds).toContain('HTTPRoute');
    expect(conditions[2]).toBe('ResolvedRefs=False/RefNotPermitted');
  });

  it.each([
    ['the namespace', grant('x', fromHere, toSecrets, 'default')],
    ['the group of who refers', grant('x', fromHere.replace('gateway.networking.k8s.io', '""'), toSecrets)],
    ['the kind of who refers', grant('x', fromHere.replace('Gateway', 'HTTPRoute'), toSecrets)],
    ['the namespace of who refers', grant('x', fromHere.replace('default', 'other'), toSecrets)],
    ['the group', grant('x', fromHere, '{ group: other, kind: Secret }')],
    ['the kind', grant('x', fromHere, '{ group: "", kind: Service }')],
    ['the name', grant('x', fromHere, '{ group: "", kind: Secret, name: not-there }')],
    ['its form', grant('x', fromHere, '{ group: "", kind: 5 }')],
  ])('GatewaySecretInvalidReferenceGrant: %s', (_, invalid) => {
    expect(elsewhere(invalid).conditions[2]).toBe('ResolvedRefs=False/RefNotPermitted');
  });

  it('GatewaySecretReferenceGrantSpecific, ...AllInNamespace', () => {
    const specific = grant('x', fromHere, '{ group: "", kind: Secret, name: there }');
    expect(elsewhere(specific).conditions).toEqual(good);
    expect(elsewhere(grant('x', fromHere, toSecrets)).conditions).toEqual(good);
  });

  it('GatewayInvalidParametersRef', () => {
    const more =
      'infrastructure: { parametersRef: { group: invalid.io, kind: InvalidParameters, name: invalid } }';
    const objects = cluster(gateway('g', '[{ name: http, port: 80, protocol: HTTP }]', more));
    expect(conditionsOf(objects.statusOf('Gateway', 'g'))).toEqual([
      'Accepted=False/InvalidParameters',
      'Programmed=False/Invalid',
    ]);
    expect(objects.translate()).toMatchObject({ listeners: [], infrastructure: [] });
  });

  it('GatewayOptionalAddressValue', () => {
    const objects = cluster(
      gateway('g', '[{ name: http, port: 80, protocol: HTTP }]', 'addresses: [{ type: IPAddress }]'),
    );
    expect(objects.statusOf('Gateway', 'g').addresses).toHaveLength(1);
  });

  it('GatewayStaticAddresses', () => {
    const usable = { type: 'IPAddress', value: '192.0.2.7' };
    const asking = (addresses: string) => {
      const objects = cluster(
        gateway('g', '[{ name: http, port: 80, protocol: HTTP }]', `addresses: [${addresses}]`),
      );
      return objects.run([usable]).statusOf('Gateway', 'g');
    };
    const [invalid, unusable, good] = [
      '{ type: test/fake, value: x }',
      '{ value: 192.0.2.9 }',
      '{ value: 192.0.2.7 }',
    ];
    expect(conditionsOf(asking(`${invalid}, ${unusable}, ${good}`))[0]).toBe(
      'Accepted=False/UnsupportedAddress',
    );
    expect(conditionsOf(asking(`${unusable}, ${good}`))).toEqual([
      'Accepted=True/Accepted',
      'Programmed=False/AddressNotUsable',
    ]);
    const status = asking(good);
    expect(conditionsOf(status)).toEqual(['Accepted=True/Accepted', 'Programmed=True/Programmed']);
    expect(status.addresses).toEqual([usable]);
  });

  it('GatewayInfrastructureMetadata', () => {
    const more = 'infrastructure: { labels: { key2: value2 }, annotations: { key1: value1 } }';
    const objects = cluster(gateway('g', '[{ name: http, port: 8080, protocol: HTTP }]', more));
    const made = objects.translate().infrastructure[0]!.objects;
    const metadata = {
      labels: { key2: 'value2', 'gateway.networking.k8s.io/gateway-name': 'g' },
      annotations: { key1: 'value1' },
    };
    expect(made.find(({ kind }) => kind === 'Deployment')).toMatchObject({
      spec: { template: { metadata } },
    });
    for (const kind of ['ServiceAccount', 'Service'])
      expect(made.find((one) => one.kind === kind)).toMatchObject({ metadata });
  });
});
