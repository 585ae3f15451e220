import { describe, expect, it } from 'vitest';
import { readAnyConfig, readConfigs } from './read-config.ts';
import { faultsOf } from './testing/faults.ts';

const mesh = (name: string, more = '') =>
  `services: { ${name}: { source: { file: { path: e.yaml } } } }\n${more}`;
const svcConfig = (serviceName: string) =>
  JSON.stringify({
    services: [
      {
        serviceName,
        namespace: 'default',
        portName: 'grpc',
        protocol: 'tcp',
        grpcServiceName: 'echo.EchoServer',
      },
    ],
  });
const listenerConfig = (name: string) => `name: x\nspec: { clusters: [{ name: ${name} }] }`;

describe('readAnyConfig', () => {
  it.each([
    ['a mesh config', mesh('a'), 'file'],
    ['svc_config.json', svcConfig('a'), 'dns-srv'],
    ['a listener config', listenerConfig('a'), 'static'],
  ])('knows %s by its top-level fields', (_, text, kind) => {
    expect(readAnyConfig(text, 'f').services.get('a')!.source.kind).toBe(kind);
  });

  it.each(['', 'null', '[]', '{}', 'text', 'apiVersion: v1\nkind: ConfigMap\ndata: {}'])(
    'says of %j that it is none of the three',
    (text) => {
      expect(faultsOf(() => readAnyConfig(text, 'f'))).toEqual([
        {
          file: 'f',
          line: 1,
          field: '',
          reason:
            'is none of the configs that are known: a mesh config has "services" by name, svc_config.json has a list ' +
            'of "services", a listener config has "spec"',
        },
      ]);
    },
  );

  it('says that services are missing where there are only routes', () => {
    expect(faultsOf(() => readAnyConfig('routes: []', 'f'))).toMatchObject([{ field: 'services' }]);
  });
});

describe('readConfigs', () => {
  it('makes one config of files of all forms, with routes in the order of the files', () => {
    const config = readConfigs(
      [
        {
          file: '1/mesh.yaml',
          text: mesh('a', 'routes: [{ match: { authority: b }, to: [{ service: c }] }]'),
        },
        { file: 'svc_config.json', text: svcConfig('b') },
        { file: 'config.yaml', text: listenerConfig('c') },
        {
          file: '2/mesh.yaml',
          text: mesh('d', 'routes: [{ match: { authority: a }, to: [{ service: b }] }]'),
        },
      ],
      { clusterDomain: 'example.org', refreshMs: 2000, healthTimeoutMs: 30, healthIntervalMs: 500 },
    );
    expect([...config.services.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(config.routes.map(({ to }) => to[0]!.service)).toEqual(['c', 'b']);
    expect(config.services.get('a')!.source).toEqual({ kind: 'file', path: '1/e.yaml' });
    expect(config.services.get('d')!.source).toEqual({ kind: 'file', path: '2/e.yaml' });
    expect(config.services.get('b')).toMatchObject({
      source: { name: '_grpc._tcp.b.default.svc.example.org', refreshMs: 2000 },
      healthCheck: { timeoutMs: 30, intervalMs: 500 },
    });
  });

  it('names both files of a service that is there twice', () => {
    const files = [
      { file: 'one.yaml', text: mesh('a') },
      { file: 'two.json', text: svcConfig('a') },
    ];
    expect(() => readConfigs(files)).toThrow(
      'two.json:1: services[0].serviceName: the service "a" is there twice, also at one.yaml:1: services.a',
    );
  });

  it('names both files of listeners on one port, and of a route that shadows another', () => {
    const one = mesh('a', 'listeners: [{ name: x, port: 80 }]\nroutes: [{ to: [{ service: a }] }]');
    const two = mesh('b', 'listeners: [{ name: y, port: 80 }]\nroutes: [{ to: [{ service: a }] }]');
    const files = [
      { file: 'one.yaml', text: one },
      { file: 'two.yaml', text: two },
    ];
    expect(faultsOf(() => readConfigs(files))).toEqual([
      {
        file: 'two.yaml',
        line: 3,
        field: 'routes[0]',
        reason: 'can never match: one.yaml:3: routes[0] comes first and takes all of its calls',
      },
      {
        file: 'two.yaml',
        line: 2,
        field: 'listeners[0]',
        reason:
          '"y" on 0.0.0.0:80 listens where "x" on 0.0.0.0:80 does (one.yaml:2: listeners[0]); ' +
          'give one of them another port or address',
      },
    ]);
  });

  it('lists the faults of all files', () => {
    const files = ['one', 'two'].map((file) => ({ file, text: 'services: 1' }));
    expect(faultsOf(() => readConfigs(files)).map(({ file }) => file)).toEqual(['one', 'two']);
  });
});
