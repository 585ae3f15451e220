import { describe, expect, it } from 'vitest';
import { listenerDefaults } from './file-format/listener-format.ts';
import { readMeshConfig } from './mesh-reader.ts';
import { configFaultOf } from './file-positions.ts';
import { faultsOf } from './testing/faults.ts';
import { listeners, onlyFault, read, routes, service, services, source } from './testing/mesh-yaml.ts';

describe('readMeshConfig', () => {
  it('fills in every default of a service that only has a source', () => {
    const config = read('services: { a: { source: { dnsSrv: { name: _grpc._tcp.a } }, healthCheck: {} } }');
    expect(config).toStrictEqual({
      services: new Map([
        [
          'a',
          {
            name: 'a',
            source: { kind: 'dns-srv', name: '_grpc._tcp.a', refreshMs: 10_000 },
            locality: { region: '', zone: '' },
            healthCheck: {
              grpcService: '',
              timeoutMs: 1000,
              intervalMs: 5000,
              healthyThreshold: 1,
              unhealthyThreshold: 3,
            },
            subsets: new Map(),
            policy: { loadBalancing: 'round-robin', zonePreference: 'none', panicThresholdPercent: 50 },
          },
        ],
      ]),
      routes: [],
      listeners: [],
    });
  });

  it('fills in the defaults of policies, routes and listeners', () => {
    const config = read(
      'services: { a: { source: { static: { endpoints: [] } }, policy: { retry: { attempts: 3 }, circuitBreaker: {},\n' +
        '  outlierDetection: { successRate: {}, failurePercentage: {} }, slowStart: { window: 1m } } } }\n' +
        'routes: [{ to: [{ service: a }], fault: { abort: { code: UNAVAILABLE }, delay: { duration: 2s } } }]\n' +
        'listeners: [{ name: in, port: 80 }]',
    );
    expect(config.services.get('a')!.policy).toMatchObject({
      retry: { attempts: 3, on: ['UNAVAILABLE'], backoff: { baseMs: 25, maxMs: 250 } },
      circuitBreaker: { maxRequests: 1024, maxPendingRequests: 1024, maxConnections: 1024, maxRetries: 3 },
      outlierDetection: {
        consecutiveFailures: 5,
        intervalMs: 10_000,
        baseEjectionTimeMs: 30_000,
        maxEjectionTimeMs: 300_000,
        maxEjectionPercent: 10,
        successRate: { stdevFactor: 1.9, enforcementPercent: 100, minimumHosts: 5, requestVolume: 100 },
        failurePercentage: {
          thresholdPercent: 85,
          enforcementPercent: 100,
          minimumHosts: 5,
          requestVolume: 50,
        },
      },
      slowStart: { windowMs: 60_000, aggression: 1, minWeightPercent: 10 },
    });
    expect(config.routes).toStrictEqual([
      {
        match: { path: { kind: 'prefix', value: '' }, headers: [] },
        to: [{ service: 'a', weight: 1 }],
        fault: { delay: { durationMs: 2000, percent: 100 }, abort: { code: 'UNAVAILABLE', percent: 100 } },
      },
    ]);
    expect(config.listeners).toStrictEqual([
      { name: 'in', address: '0.0.0.0', port: 80, ...listenerDefaults },
    ]);
  });

  it('reads TLS of both sides, with paths beside the file, and knows their lines later on', () => {
    const { services: byName, listeners: all } = readMeshConfig(
      'services:\n  a:\n    source: { static: { endpoints: [] } }\n' +
        '    tls:\n      ca: ca.crt\n      cert: /abs/tls.crt\n      key: tls.key\n      serverName: a.example.org\n' +
        'listeners:\n  - { name: in, port: 443, tls: { cert: a.crt, key: a.key, clientCa: b.crt }, http1: true, grpcWeb: true,\n' +
        '      corsOrigins: ["https://shop.example.org:8443", "*"], proxyProtocol: true, trustForwarded: true }',
      '/etc/mesh/mesh.yaml',
    );
    const tls = byName.get('a')!.tls!;
    expect(tls).toStrictEqual({
      ca: '/etc/mesh/ca.crt',
      cert: '/abs/tls.crt',
      key: '/etc/mesh/tls.key',
      serverName: 'a.example.org',
    });
    expect(all[0]).toStrictEqual({
      name: 'in',
      address: '0.0.0.0',
      port: 443,
      tls: { cert: '/etc/mesh/a.crt', key: '/etc/mesh/a.key', clientCa: '/etc/mesh/b.crt' },
      http1: true,
      grpcWeb: true,
      corsOrigins: ['https://shop.example.org:8443', '*'],
      proxyProtocol: true,
      trustForwarded: true,
      normalizePath: true,
      encodedSlashes: 'refuse',
    });
    expect(configFaultOf(tls, ['key'], 'no key')).toEqual({
      file: '/etc/mesh/mesh.yaml',
      line: 7,
      field: 'services.a.tls.key',
      reason: 'no key',
    });
    expect(configFaultOf({ ...tls }, ['key'], 'no key')).toBeUndefined();
  });

  it.each([
    ['a cert without its key', service('    tls: { cert: a.crt }'), 'services.a.tls', 'both cert and key'],
    [
      'an origin with a path',
      listeners('{ name: in, port: 1, grpcWeb: true, corsOrigins: ["https://a.org/b"] }'),
      'corsOrigins[0]',
      'an origin',
    ],
    [
      'an origin of another scheme',
      listeners('{ name: in, port: 1, grpcWeb: true, corsOrigins: ["ftp://a"] }'),
      'corsOrigins[0]',
      'an origin',
    ],
    [
      'origins without gRPC-Web',
      listeners('{ name: in, port: 1, corsOrigins: ["*"] }'),
      'listeners[0]',
      'grpcWeb: true',
    ],
    [
      'a listener with a cert alone',
      listeners('{ name: in, port: 1, tls: { cert: a.crt } }'),
      'listeners[0].tls.key',
      'is missing',
    ],
  ])('refuses %s', (_what, text, field, reason) => {
    const fault = onlyFault(text);
    expect(fault.field).toContain(field);
    expect(fault.reason).toContain(reason);
  });

  it('reads every kind of source, with paths beside the file', () => {
    const config = read(
      source(
        'merge: [{ dnsSrv: { name: s, refresh: 30ms } }, { dnsA: { name: n, port: 1 } }, ' +
          '{ kubernetes: { service: k, port: grpc } }, { kubernetes: { service: k, namespace: n, port: 2 } }, ' +
          '{ static: { endpoints: ["[fd00::1]:3", { address: 10.0.0.1, port: 4, weight: 5, zone: z, hostname: h }] } }, ' +
          '{ file: { path: e.yaml } }, { file: { path: /abs/e.yaml } }]',
      ),
    );
    expect(config.services.get('a')!.source).toStrictEqual({
      kind: 'merged',
      sources: [
        { kind: 'dns-srv', name: 's', refreshMs: 30 },
        { kind: 'dns-a', name: 'n', port: 1, refreshMs: 10_000 },
        { kind: 'kubernetes', service: 'k', namespace: 'default', port: 'grpc' },
        { kind: 'kubernetes', service: 'k', namespace: 'n', port: 2 },
        {
          kind: 'static',
          endpoints: [
            { address: 'fd00::1', port: 3 },
            { address: '10.0.0.1', port: 4, weight: 5, zone: 'z', hostname: 'h' },
          ],
        },
        { kind: 'file', path: 'conf/e.yaml' },
        { kind: 'file', path: '/abs/e.yaml' },
      ],
    });
  });

  it("keeps the file's order of routes, and reads every kind of match", () => {
    const { routes: list } = read(
      routes(
        '{ match: { authority: "B:80", path: { exact: /x }, method: POST }, to: [{ service: b }], timeout: 1m30s }',
        '{ match: { path: { regex: "/echo\\\\..*" }, headers: [{ name: x-a, regex: a+ }, { name: x-b, prefix: b, invert: true }] }, to: [{ service: a, subset: v2 }] }',
        '{ match: { headers: [{ name: x-c, exact: c }, { name: x-d, present: true }] }, to: [{ service: a, weight: 95 }, { service: b, weight: 5 }] }',
      ),
    );
    expect(list).toStrictEqual([
      {
        match: { authority: 'b:80', path: { kind: 'exact', value: '/x' }, method: 'POST', headers: [] },
        to: [{ service: 'b', weight: 1 }],
        timeoutMs: 90_000,
      },
      {
        match: {
          path: { kind: 'regex', value: '/echo\\..*' },
          headers: [
            { name: 'x-a', kind: 'regex', value: 'a+', invert: false },
            { name: 'x-b', kind: 'prefix', value: 'b', invert: true },
          ],
        },
        to: [{ service: 'a', subset: 'v2', weight: 1 }],
      },
      {
        match: {
          path: { kind: 'prefix', value: '' },
          headers: [
            { name: 'x-c', kind: 'exact', value: 'c', invert: false },
            { name: 'x-d', kind: 'present', invert: false },
          ],
        },
        to: [
          { service: 'a', weight: 95 },
          { service: 'b', weight: 5 },
        ],
      },
    ]);
  });

  it('takes a service with a name that means something to JavaScript', () => {
    const { services: found } = read('services: { constructor: { source: { static: { endpoints: [] } } } }');
    expect([...found.keys()]).toEqual(['constructor']);
    expect(found.get('toString')).toBeUndefined();
  });

  it.each([
    ['an unknown field', service('    polciy: {}'), 4, 'services.a.polciy', /^is not a field/],
    ['an unknown field at the top', `${services}route: []`, 4, 'route', /^is not a field/],
    ['no services', 'routes: []', 1, 'services', /^is missing$/],
    ['a service without a source', 'services:\n  a: {}', 2, 'services.a.source', /^is missing$/],
    ['nothing for a service', 'services:\n  a:', 2, 'services.a', /^must be an object, got null$/],
    ['a list for an object', 'services: []', 1, 'services', /^must be an object, got \[\]$/],
    ['a name with a slash', 'services:\n  a/b: {}', 2, 'services.a/b', /^has a name that must have letters/],
    ['a name that ends in a dot', 'services:\n  a.: {}', 2, 'services.a.', /^has a name that must have/],
    [
      'a subset without a source',
      service('    subsets:\n      v2: {}'),
      5,
      'services.a.subsets.v2.source',
      /^is missing$/,
    ],
    [
      'a health check at no port',
      service('    healthCheck: { port: 0 }'),
      4,
      'services.a.healthCheck.port',
      /at least 1/,
    ],
    [
      'a health check of an authority that is none',
      service('    healthCheck: { authority: "http://a/b" }'),
      4,
      'services.a.healthCheck.authority',
      /must be a host, or a host and a port/,
    ],
    [
      'a health check with threshold 0',
      service('    healthCheck: { healthyThreshold: 0 }'),
      4,
      'services.a.healthCheck.healthyThreshold',
      /at least 1/,
    ],
  ])('refuses %s', (_, text, line, field, reason) => {
    expect(onlyFault(text)).toEqual({ line, field, reason: expect.stringMatching(reason) as string });
  });

  it('takes listeners whose ports do not meet', () => {
    const config = read(
      listeners(
        '{ name: w, address: 127.0.0.1, port: 80 }',
        '{ name: x, address: 127.0.0.2, port: 80 }',
        '{ name: y, port: 0 }',
        '{ name: z, port: 0 }',
      ),
    );
    expect(config.listeners).toHaveLength(4);
  });

  it('lists every fault, not only the first', () => {
    const text = routes('{ to: [{ service: x }, { service: y, weight: 2 }] }', '{ to: [{ service: z }] }');
    expect(faultsOf(() => read(text)).map(({ field }) => field)).toEqual([
      'routes[0].to[0]',
      'routes[0].to[1]',
      'routes[1].to[0]',
      'routes[1]',
    ]);
  });

  it.each([
    [
      '1001 services',
      `services:\n${Array.from({ length: 1001 }, (_, i) => `  s${i}: { source: { file: { path: x } } }\n`).join('')}`,
      /at most 1000 services/,
    ],
    [
      '2001 routes',
      routes(
        ...Array.from(
          { length: 2001 },
          (_, i) => `{ match: { path: { exact: /${i} } }, to: [{ service: a }] }`,
        ),
      ),
      /at most 2000/,
    ],
    [
      '101 listeners',
      listeners(...Array.from({ length: 101 }, (_, i) => `{ name: l${i}, port: 0 }`)),
      /at most 100/,
    ],
    [
      '10,001 endpoints',
      source(
        `static: { endpoints: [${Array.from({ length: 10_001 }, (_, i) => `10.0.${i >> 8}.${i & 255}:1`).join()}] }`,
      ),
      /at most 10000/,
    ],
  ])('refuses %s', (_, text, reason) => {
    const [fault] = faultsOf(() => read(text));
    expect(fault!.reason).toMatch(reason);
    expect(fault!.reason.length).toBeLessThan(200);
  });

  it('keeps at most 100 faults, and says how many more there are', () => {
    const text = `services: {}\n${Array.from({ length: 150 }, (_, i) => `x${i}: 1\n`).join('')}`;
    expect(() => read(text)).toThrow(/… and 50 more$/);
    expect(faultsOf(() => read(text))).toHaveLength(100);
  });
});
