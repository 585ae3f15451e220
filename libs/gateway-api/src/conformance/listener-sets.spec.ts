import { authority } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

/** What the official suite's ListenerSet tests read in status; named as they are. */

const pair = await (await authority('test')).issue('shop', { dnsNames: ['shop.example.org'] });
const base64 = (text: string) => Buffer.from(text).toString('base64');

const cluster = (...objects: string[]) =>
  new TestCluster().apply([gatewayClass, service('v1'), ...objects].join('---')).run();
const allowing = (from: string, listeners = '[{ name: own, port: 80, protocol: HTTP, hostname: own.com }]') =>
  gateway('g', listeners, `allowedListeners: { namespaces: ${from} }`);
const set = (name: string, listeners: string, metadata = 'namespace: default') => `
kind: ListenerSet
metadata: { name: ${name}, ${metadata} }
spec: { parentRef: { name: g, namespace: default }, listeners: [${listeners}] }
`;
const http = (name: string, hostname = `${name}.com`) =>
  `{ name: ${name}, port: 80, protocol: HTTP, hostname: ${hostname}, allowedRoutes: { namespaces: { from: All } } }`;
const good = ['Accepted=True/Accepted', 'Programmed=True/Programmed'];
const notAllowed = ['Accepted=False/NotAllowed', 'Programmed=False/NotAllowed'];
const notValid = ['Accepted=False/ListenersNotValid', 'Programmed=False/ListenersNotValid'];
const attachedSets = (objects: TestCluster) => objects.statusOf('Gateway', 'g').attachedListenerSets;
const listenersOf = (objects: TestCluster, name: string) =>
  Object.fromEntries(
    objects.statusOf('ListenerSet', name).listeners.map((one) => [one.name, conditionsOf(one)]),
  );

describe('a ListenerSet', () => {
  it('ListenerSetDefaultNotAllowed, ListenerSetAllowedNamespaceNone', () => {
    const own = '[{ name: own, port: 80, protocol: HTTP }]';
    for (const parent of [gateway('g', own), allowing('{ from: None }')]) {
      const objects = cluster(parent, set('s', http('a')));
      expect(conditionsOf(objects.statusOf('ListenerSet', 's'))).toEqual(notAllowed);
      expect(attachedSets(objects)).toBe(0);
      expect(objects.translate().listeners.flatMap(({ virtualHosts }) => virtualHosts!)).toHaveLength(1);
    }
  });

  it('ListenerSetAllowedNamespaceSame', () => {
    const objects = cluster(
      allowing('{ from: Same }'),
      set('same', http('a')),
      set('other', http('b'), 'namespace: elsewhere'),
    );
    expect(conditionsOf(objects.statusOf('ListenerSet', 'same'))).toEqual(good);
    expect(conditionsOf(objects.statusOf('ListenerSet', 'other', 'elsewhere'))).toEqual(notAllowed);
    expect(attachedSets(objects)).toBe(1);
    expect(listenersOf(objects, 'same')).toEqual({
      a: [...good, 'ResolvedRefs=True/ResolvedRefs', 'Conflicted=False/NoConflicts'],
    });
  });

  it('ListenerSetAllowedNamespaceSelector', () => {
    const namespace = (name: string, labels: string) =>
      `\nkind: Namespace\nmetadata: { name: ${name}, labels: { ${labels} } }\n`;
    const objects = cluster(
      namespace('in', 'allowed: "yes"'),
      namespace('out', 'allowed: "no"'),
      allowing('{ from: Selector, selector: { matchLabels: { allowed: "yes" } } }'),
      set('in', http('a'), 'namespace: in'),
      set('out', http('b'), 'namespace: out'),
    );
    expect(conditionsOf(objects.statusOf('ListenerSet', 'in', 'in'))).toEqual(good);
    expect(conditionsOf(objects.statusOf('ListenerSet', 'out', 'out'))).toEqual(notAllowed);
    expect(attachedSets(objects)).toBe(1);
  });

  it.each([
    ['ListenerSetHostnameConflict', 'HostnameConflict', (name: string) => http(name)],
    [
      'ListenerSetProtocolConflict',
      'ProtocolConflict',
      (name: string) => `{ name: ${name}, port: 80, protocol: TCP }`,
    ],
  ])('%s', (_, reason, rival) => {
    const own = `[${http('gateway-listener')}, ${http('of-gateway')}]`;
    const objects = cluster(
      allowing('{ from: Same }', own),
      set('b-second', `${http('second')}, ${rival('of-set')}`),
      set('a-first', `${http('first')}, ${rival('of-gateway')}, ${http('of-set')}`),
      set('c-third', rival('of-gateway')),
      set('d-fourth', rival('of-set')),
    );
    const lost = [`Accepted=False/${reason}`, `Programmed=False/${reason}`];
    const conflicted = expect.arrayContaining([...lost, `Conflicted=True/${reason}`]) as unknown;
    const taken = expect.arrayContaining(good) as unknown;
    expect(attachedSets(objects)).toBe(2);
    expect(listenersOf(objects, 'a-first')).toEqual({
      first: taken,
      'of-gateway': conflicted,
      'of-set': taken,
    });
    expect(listenersOf(objects, 'b-second')).toEqual({ second: taken, 'of-set': conflicted });
    expect(listenersOf(objects, 'c-third')).toEqual({ 'of-gateway': conflicted });
    for (const name of ['a-first', 'b-second'])
      expect(conditionsOf(objects.statusOf('ListenerSet', name))).toEqual([
        'Accepted=True/ListenersNotValid',
        good[1],
      ]);
    for (const name of ['c-third', 'd-fourth'])
      expect(conditionsOf(objects.statusOf('ListenerSet', name))).toEqual(notValid);
    expect(conditionsOf(objects.statusOf('Gateway', 'g'))).toEqual(good);
    for (const one of objects.statusOf('Gateway', 'g').listeners) expect(conditionsOf(one)).toEqual(taken);
  });

  it('of the same age goes by name, else the older one wins', () => {
    const at = (second: number) => `namespace: default, creationTimestamp: "2026-01-01T00:00:0${second}Z"`;
    const objects = cluster(
      allowing('{ from: Same }'),
      set('a-young', http('x'), at(2)),
      set('z-old', http('x'), at(1)),
    );
    expect(conditionsOf(objects.statusOf('ListenerSet', 'z-old'))).toEqual(good);
    expect(conditionsOf(objects.statusOf('ListenerSet', 'a-young'))).toEqual(notValid);
  });

  it('ListenerSetReferenceGrant: its certificates are those that its own namespace may refer to', () => {
    const secret = `
kind: Secret
type: kubernetes.io/tls
metadata: { name: there, namespace: certificates }
data: { tls.crt: ${base64(pair.cert)}, tls.key: ${base64(pair.key)} }
`;
    const https = `{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: there, namespace: certificates }] } }`;
    const grant = (namespace: string, kind = 'ListenerSet') => `
kind: ReferenceGrant
metadata: { name: x, namespace: certificates }
spec: { from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: ${namespace} }], to: [{ group: "", kind: Secret }] }
`;
    const resolved = (...more: string[]) => {
      const objects = cluster(allowing('{ from: All }'), secret, set('s', https, 'namespace: sets'), ...more);
      return conditionsOf(objects.statusOf('ListenerSet', 's', 'sets').listeners[0]!)[2];
    };
    expect(resolved()).toBe('ResolvedRefs=False/RefNotPermitted');
    expect(resolved(grant('default'))).toBe('ResolvedRefs=False/RefNotPermitted');
    expect(resolved(grant('sets', 'Gateway'))).toBe('ResolvedRefs=False/RefNotPermitted');
    expect(resolved(grant('sets'))).toBe('ResolvedRefs=True/ResolvedRefs');
    const without = cluster(allowing('{ from: All }'), secret, set('s', https, 'namespace: sets'));
    expect(conditionsOf(without.statusOf('ListenerSet', 's', 'sets'))).toEqual([
      'Accepted=False/ListenersNotValid',
      'Programmed=False/ListenersNotValid',
    ]);
  });

  it('has routes of its own, which are not the Gateway’s, nor the other way round', () => {
    const to = (name: string, parent: string) =>
      route(
        'HTTPRoute',
        name,
        `{ parentRefs: [${parent}], rules: [{ backendRefs: [{ name: v1, port: 8080 }] }] }`,
      );
    const objects = cluster(
      allowing('{ from: Same }'),
      set('s', http('a')),
      to('gateway-only', '{ name: g }'),
      to('set-only', '{ kind: ListenerSet, name: s }'),
      to('both', '{ name: g }, { kind: ListenerSet, name: s, sectionName: a }'),
      to('wrong', '{ name: g, sectionName: a }'),
    );
    const counts = [
      objects.statusOf('Gateway', 'g').listeners[0]!.attachedRoutes,
      objects.statusOf('ListenerSet', 's').listeners[0]!.attachedRoutes,
    ];
    expect(counts).toEqual([2, 2]);
    const parents = (name: string) =>
      objects.statusOf('HTTPRoute', name).parents.map((one) => conditionsOf(one as never)[0]);
    expect(parents('both')).toEqual(Array(2).fill('Accepted=True/Accepted'));
    expect(parents('wrong')).toEqual(['Accepted=False/NoMatchingParent']);
    const [listener] = objects.translate().listeners;
    expect(listener!.virtualHosts!.map(({ domains, routes }) => [domains[0], routes.length])).toEqual([
      ['own.com', 2],
      ['a.com', 2],
    ]);
  });

  it('of a Gateway that is not accepted is not accepted either', () => {
    const more =
      'allowedListeners: { namespaces: { from: Same } }, addresses: [{ type: other/type, value: x }]'.replace(
        ', addresses',
        '\n  addresses',
      );
    const objects = cluster(
      gateway('g', '[{ name: own, port: 80, protocol: HTTP }]', more),
      set('s', http('a')),
    );
    expect(conditionsOf(objects.statusOf('ListenerSet', 's'))[0]).toBe('Accepted=False/ParentNotAccepted');
  });
});
