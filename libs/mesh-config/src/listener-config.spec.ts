import { describe, expect, it } from 'vitest';
import { listenerDefaults } from './file-format/listener-format.ts';
import { readListenerConfig } from './listener-config.ts';
import { faultsOf } from './testing/faults.ts';

/** Two listeners, the first with two routes; line 9 is the first route's first cluster. */
const canary = `name: canary
spec:
  listeners:
    - name: listener_0
      address: 0.0.0.0
      port: 8080
      routes:
        - { name: greeter, prefix: /helloworld.Greeter, clusters: [
            { name: server-v1, weight: 95 },
            { name: server-v2, weight: 5 }] }
        - { name: rest, prefix: /, clusters: [{ name: server-v1, weight: 100 }] }
    - { name: listener_1, address: 0.0.0.0, port: 8081, routes: [
        { name: rest, prefix: /, clusters: [{ name: server-v2, weight: 1 }] }] }
  clusters:
    - name: server-v1
      endpoints:
        - { address: server-v1, port: 50051 }
    - name: server-v2
      endpoints:
        - { address: 10.0.0.1, port: 50051 }
        - { address: fd00::1, port: 50052 }
`;
const read = (text: string) => readListenerConfig(text, 'config.yaml');

describe('readListenerConfig', () => {
  it("reads the file as it is: each listener keeps its own routes, in the file's order", () => {
    const { listeners, routes } = read(canary);
    expect(routes).toEqual([]);
    expect(listeners).toMatchObject([
      { name: 'listener_0', address: '0.0.0.0', port: 8080, ...listenerDefaults },
      { name: 'listener_1', address: '0.0.0.0', port: 8081, ...listenerDefaults },
    ]);
    expect(listeners.map((listener) => listener.routes)).toStrictEqual([
      [
        {
          name: 'greeter',
          match: { path: { kind: 'prefix', value: '/helloworld.Greeter' }, headers: [] },
          to: [
            { service: 'server-v1', weight: 95 },
            { service: 'server-v2', weight: 5 },
          ],
        },
        {
          name: 'rest',
          match: { path: { kind: 'prefix', value: '/' }, headers: [] },
          to: [{ service: 'server-v1', weight: 100 }],
        },
      ],
      [
        {
          name: 'rest',
          match: { path: { kind: 'prefix', value: '/' }, headers: [] },
          to: [{ service: 'server-v2', weight: 1 }],
        },
      ],
    ]);
  });

  it('reads the routes of envoy-xds-server, which name their cluster', () => {
    const [listener] = read(`name: testconfig
spec:
  listeners:
  - name: listener_0
    address: 0.0.0.0
    port: 9000
    routes:
    - name: echoroute
      prefix: /
      clusters:
      - echo
  clusters:
  - name: echo
    endpoints:
    - address: 127.0.0.1
      port: 9101
    - address: 127.0.0.1
      port: 9102
`).listeners;
    expect(listener!.routes).toEqual([
      {
        name: 'echoroute',
        match: { path: { kind: 'prefix', value: '/' }, headers: [] },
        to: [{ service: 'echo', weight: 1 }],
      },
    ]);
  });

  it('looks names up in DNS, and takes addresses as they are', () => {
    const { services } = read(canary);
    expect(services.get('server-v1')!.source).toEqual({
      kind: 'dns-a',
      name: 'server-v1',
      port: 50051,
      refreshMs: 10_000,
    });
    expect(services.get('server-v2')!.source).toEqual({
      kind: 'static',
      endpoints: [
        { address: '10.0.0.1', port: 50051 },
        { address: 'fd00::1', port: 50052 },
      ],
    });
  });

  it('merges what a cluster has of both', () => {
    const { services } = read(canary.replace('10.0.0.1', 'server-v3'));
    expect(services.get('server-v2')!.source).toEqual({
      kind: 'merged',
      sources: [
        { kind: 'static', endpoints: [{ address: 'fd00::1', port: 50052 }] },
        { kind: 'dns-a', name: 'server-v3', port: 50051, refreshMs: 10_000 },
      ],
    });
  });

  it.each([
    ['weight: 5', 'weight: 100', [95, 100]],
    ['weight: 95', 'weight: 0', [0, 5]],
  ])('takes any weights, with %s as %s', (from, to, weights) => {
    const [route] = read(canary.replace(from, to)).listeners[0]!.routes!;
    expect(route!.to.map(({ weight }) => weight)).toEqual(weights);
  });

  const at = (index: number) => `spec.listeners[0].routes[0].clusters[${index}]`;
  it.each([
    [
      'an unknown cluster',
      'name: server-v1, weight: 95',
      'name: server-v9, weight: 95',
      9,
      at(0),
      /leads to the service "server-v9", which is not in the config; known: server-v1, server-v2/,
    ],
    [
      'several names without weights',
      '[{ name: server-v2, weight: 1 }]',
      '[server-v1, server-v2]',
      13,
      'spec.listeners[1].routes[0].clusters',
      /^must be one name, or clusters with their weights/,
    ],
    [
      'a name of an unknown cluster',
      '[{ name: server-v2, weight: 1 }]',
      '[server-v9]',
      13,
      'spec.listeners[1].routes[0].clusters[0]',
      /leads to the service "server-v9"/,
    ],
    [
      'a name and a cluster',
      '[{ name: server-v2, weight: 1 }]',
      '[{ name: server-v2, weight: 1 }, server-v1]',
      13,
      'spec.listeners[1].routes[0].clusters[1]',
      /./,
    ],
    ['a missing weight', ', weight: 95', '', 9, `${at(0)}.weight`, /^is missing$/],
    [
      'a prefix that shadows another',
      '/helloworld.Greeter',
      '/',
      11,
      'spec.listeners[0].routes[1]',
      /can never match: config.yaml:8/,
    ],
    [
      'two listeners on one port',
      '8081',
      '8080',
      12,
      'spec.listeners[1]',
      /listens where .* does \(config.yaml:4: spec.listeners\[0\]\)/,
    ],
    ['two listeners with one name', 'listener_1', 'listener_0', 12, 'spec.listeners[1]', /is there twice/],
    [
      'a cluster that is there twice',
      'name: server-v2\n',
      'name: server-v1\n',
      18,
      'spec.clusters[1].name',
      /is there twice: "server-v1" is also entry \[0\]/,
    ],
    [
      'a port that is none',
      'port: 50051 }\n    -',
      'port: -1 }\n    -',
      17,
      'spec.clusters[0].endpoints[0].port',
      /at least 1, got -1/,
    ],
    [
      'a listener without an address',
      'address: 0.0.0.0\n      port',
      'port',
      4,
      'spec.listeners[0].address',
      /^is missing$/,
    ],
    ['a field that it does not know', 'name: canary', 'name: canary\nport: 1', 2, 'port', /^is not a field/],
  ])('refuses %s', (_, from, to, line, field, reason) => {
    expect(canary).toContain(from);
    const faults = faultsOf(() => read(canary.replace(from, to)));
    expect(faults).toContainEqual({
      file: 'config.yaml',
      line,
      field,
      reason: expect.stringMatching(reason) as string,
    });
  });
});
