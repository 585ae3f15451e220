import { authority } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { caller } from '../testing/caller.ts';
import { conditionsOf, gateway, gatewayClass, route, TestCluster } from '../testing/cluster.ts';

const { cert } = await authority('test');
const other = (await authority('other')).cert;
const cluster = () =>
  new TestCluster()
    .apply(
      [
        gatewayClass,
        gateway('g', '[{ name: http, port: 80, protocol: HTTP }]'),
        '\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ name: one, port: 1 }, { name: two, port: 2 }] }\n',
        ...[1, 2].map((port) =>
          route(
            'GRPCRoute',
            `r${port}`,
            `{ parentRefs: [{ name: g }], rules: [{ matches: [{ method: { service: p${port} } }], backendRefs: [{ name: a, port: ${port} }] }] }`,
          ),
        ),
      ].join('---'),
    )
    .put({ kind: 'ConfigMap', metadata: { name: 'ca' }, data: { 'ca.crt': cert } })
    .put({ kind: 'ConfigMap', metadata: { name: 'other' }, data: { 'ca.crt': other } })
    .put({ kind: 'ConfigMap', metadata: { name: 'rubbish' }, data: { 'ca.crt': 'Hello world' } })
    .put({ kind: 'ConfigMap', metadata: { name: 'empty' } })
    .run();

const configMap = (name: string) => ({ group: '', kind: 'ConfigMap', name });
const validation = { caCertificateRefs: [configMap('ca')], hostname: 'a.example.org' };
const policy = (name: string, fields: object = {}, target: object = {}, creationTimestamp?: string) => ({
  kind: 'BackendTLSPolicy',
  metadata: { name, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) },
  spec: {
    targetRefs: [{ group: '', kind: 'Service', name: 'a', ...target }],
    validation: { ...validation, ...fields },
  },
});
const tlsOf = (objects: TestCluster, port = 1) => objects.translate().services.get(`a.default:${port}`)?.tls;
const statusOf = (objects: TestCluster, name: string) => {
  const { ancestors } = objects.statusOf('BackendTLSPolicy', name);
  expect(ancestors).toMatchObject([
    {
      controllerName: 'evenly.test/gateway',
      ancestorRef: { kind: 'Gateway', namespace: 'default', name: 'g' },
    },
  ]);
  return conditionsOf(ancestors[0] as never);
};
const good = ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs'];

describe('a BackendTLSPolicy', () => {
  it('has a Service spoken to by TLS, with its authorities and name', () => {
    const objects = cluster().put(policy('p'));
    expect([tlsOf(objects, 1), tlsOf(objects, 2)]).toEqual(
      Array(2).fill({ serverName: 'a.example.org', caText: cert }),
    );
    expect(statusOf(objects, 'p')).toEqual(good);
    const [first, second] = [objects, objects].map((one) => one.translate().services.get('a.default:1'));
    expect(second).toBe(first);
  });

  it('takes the authorities of the machine', () => {
    const objects = cluster().put(policy('p', { caCertificateRefs: [], wellKnownCACertificates: 'System' }));
    expect(tlsOf(objects)).toEqual({ serverName: 'a.example.org' });
  });

  it('for a port goes before one for all of them', () => {
    const objects = cluster()
      .put(policy('all'))
      .put(policy('two', { hostname: 'two.example.org' }, { sectionName: 'two' }));
    expect([tlsOf(objects, 1)?.serverName, tlsOf(objects, 2)?.serverName]).toEqual([
      'a.example.org',
      'two.example.org',
    ]);
    expect([statusOf(objects, 'all'), statusOf(objects, 'two')]).toEqual([good, good]);
  });

  it('of two for the same the older one holds, the other says so', () => {
    const objects = cluster()
      .put(policy('a-young', { hostname: 'young.example.org' }, {}, '2026-01-02T00:00:00Z'))
      .put(policy('z-old', {}, {}, '2026-01-01T00:00:00Z'));
    expect(tlsOf(objects)?.serverName).toBe('a.example.org');
    expect(statusOf(objects, 'z-old')).toEqual(good);
    expect(statusOf(objects, 'a-young')[0]).toBe('Accepted=False/Conflicted');
  });

  it.each([
    [
      'a ConfigMap that is not there',
      { caCertificateRefs: [configMap('missing')] },
      'NoValidCACertificate',
      'InvalidCACertificateRef',
    ],
    [
      'rubbish',
      { caCertificateRefs: [configMap('rubbish')] },
      'NoValidCACertificate',
      'InvalidCACertificateRef',
    ],
    [
      'a ConfigMap without ca.crt',
      { caCertificateRefs: [configMap('empty')] },
      'NoValidCACertificate',
      'InvalidCACertificateRef',
    ],
    [
      'another kind',
      { caCertificateRefs: [{ ...configMap('ca'), kind: 'Other' }] },
      'NoValidCACertificate',
      'InvalidKind',
    ],
    ['nobody to trust', { caCertificateRefs: [] }, 'Invalid', undefined],
    [
      'authorities that are not known',
      { caCertificateRefs: [], wellKnownCACertificates: 'x.org/mine' },
      'Invalid',
      undefined,
    ],
    [
      'names that are not checked',
      { subjectAltNames: [{ type: 'Hostname', hostname: 'b.org' }] },
      'Invalid',
      undefined,
    ],
    ['no host name', { hostname: 7 }, 'Invalid', undefined],
  ])('with %s: calls are refused, never in plaintext', (_, fields, accepted, resolved) => {
    const objects = cluster().put(policy('p', fields));
    expect(caller(objects)('/p1/m')).toBe('refused');
    expect(tlsOf(objects)).toBe(undefined);
    expect(statusOf(objects, 'p')).toEqual([
      `Accepted=False/${accepted}`,
      resolved === undefined ? good[1] : `ResolvedRefs=False/${resolved}`,
    ]);
  });

  it('with some authorities of several trusts those', () => {
    const refs = ['missing', 'ca', 'other'].map(configMap);
    const objects = cluster().put(policy('p', { caCertificateRefs: refs }));
    expect(tlsOf(objects)?.caText).toBe(`${cert}\n${other}`);
    expect(statusOf(objects, 'p')).toEqual([good[0], 'ResolvedRefs=False/InvalidCACertificateRef']);
  });

  it('of a Service that nobody calls is not spoken of', () => {
    const objects = cluster().put(policy('p', {}, { name: 'b' }));
    expect(objects.statusOf('BackendTLSPolicy', 'p').ancestors).toEqual([]);
  });
});
