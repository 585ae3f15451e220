import { readMeshConfig, type MeshConfig } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { ConfigParts } from './config-parts.ts';

const onRefused = (part: string, error: Error) => expect.unreachable(`${part}: ${error.message}`);

const part = (services: Record<string, string>, rest = '') => {
  const lines = Object.entries(services).map(
    ([name, address]) => `  ${name}: { source: { static: { endpoints: ["${address}:1"] } } }\n`,
  );
  return readMeshConfig(`services:\n${lines.join('')}${rest}`, 'mesh.yaml');
};

it('applies nothing before all have spoken, then every change', () => {
  const applied: string[][] = [];
  const parts = new ConfigParts({
    expected: ['services', 'files'],
    apply: ({ services }) => applied.push([...services.keys()].sort()),
    onRefused,
  });
  parts.set('services', part({ a: '10.0.0.1' }));
  expect(applied).toEqual([]);
  parts.set('files', part({ b: '10.0.0.2' }));
  parts.set('services', part({ a: '10.0.0.1', c: '10.0.0.3' }));
  expect(applied).toEqual([
    ['a', 'b'],
    ['a', 'b', 'c'],
  ]);
});

it('takes the word of files before that of the cluster, for services, listeners and the order of routes', () => {
  const listener = (port: number) => `listeners: [{ name: main, address: 127.0.0.1, port: ${port} }]\n`;
  const route = (to: string) =>
    `routes: [{ name: to-${to}, match: { authority: x }, to: [{ service: ${to}, weight: 1 }] }]\n`;
  let applied = part({ a: '10.9.9.9' });
  const parts = new ConfigParts({
    expected: ['files', 'gateway-api'],
    apply: (config) => (applied = config),
    onRefused,
  });
  const file = part({ a: '10.0.0.1' }, `${route('a')}${listener(1)}`);
  parts.set('gateway-api', part({ a: '10.0.0.2', b: '10.0.0.2' }, `${route('b')}${listener(2)}`));
  parts.set('files', file);
  expect(applied.services.get('a')).toBe(file.services.get('a'));
  expect(applied.listeners.map(({ port }) => port)).toEqual([1]);
  expect(applied.routes.map(({ name }) => name)).toEqual(['to-a', 'to-b']);
});

it('says what of the cluster cannot be applied, and goes on with what was there before', () => {
  const refused: string[] = [];
  let applied = part({ z: '10.9.9.9' });
  const parts = new ConfigParts({
    expected: ['files', 'services'],
    apply: (config) => {
      if (config.services.has('bad')) throw new Error('bad is no good');
      applied = config;
    },
    onRefused: (name, { message }) => refused.push(`${name}: ${message}`),
  });
  parts.set('files', part({ a: '10.0.0.1' }));
  parts.offer('services', part({ b: '10.0.0.2' }));
  parts.offer('services', part({ bad: '10.0.0.3' }));
  expect(refused).toEqual(['services: bad is no good']);
  parts.set('files', part({ c: '10.0.0.1' }));
  expect([...applied.services.keys()].sort()).toEqual(['b', 'c']);
});

describe('a Service that was discovered, and is a backend of routes too', () => {
  const discovered = () => {
    const service = part({ 'shop.eu': '10.0.0.1' }, '').services.get('shop.eu')!;
    const named = { ...service, name: 'shop.eu:80' };
    const main = part(
      { x: '10.0.0.1' },
      'routes: [{ match: { authority: "shop.eu:0" }, to: [{ service: x }] }]',
    );
    return {
      service: named,
      part: { services: new Map([['shop.eu:80', named]]), routes: main.routes, listeners: [] },
    };
  };
  const applied = (gatewayApi: Partial<MeshConfig>) => {
    let config = part({ a: '10.9.9.9' });
    const parts = new ConfigParts({
      expected: ['services', 'gateway-api'],
      apply: (next) => (config = next),
      onRefused,
    });
    parts.set('services', discovered().part);
    parts.set('gateway-api', { services: new Map(), routes: [], listeners: [], ...gatewayApi });
    return config;
  };

  it('is spoken to by TLS where a policy of the cluster says so', () => {
    const tls = { serverName: 'shop.example.org' };
    const services = new Map([['shop.eu:80', { ...discovered().service, tls }]]);
    expect(applied({ services }).services.get('shop.eu:80')).toMatchObject({ tls });
    expect(applied({}).services.get('shop.eu:80')).not.toHaveProperty('tls');
  });

  it('has no way past the routes of its name', () => {
    const [route] = discovered().part.routes;
    const written = { ...route!, name: 'written' };
    expect(applied({ routes: [written] }).routes).toEqual([written]);
    expect(applied({}).routes).toHaveLength(1);
  });
});

it('applies what there is once it does without the others, and says whether that is all', () => {
  const applied: [string[], boolean][] = [];
  const parts = new ConfigParts({
    expected: ['files', 'services'],
    apply: ({ services }, isWhole) => applied.push([[...services.keys()].sort(), isWhole]),
    onRefused,
  });
  parts.set('files', { services: new Map(), routes: [], listeners: [] });
  expect(parts.saysAnything).toBe(false);
  parts.set('files', part({ a: '10.0.0.1' }));
  expect([parts.saysAnything, parts.missing]).toEqual([true, ['services']]);
  parts.doWithoutMissing();
  parts.set('files', part({ b: '10.0.0.1' }));
  parts.offer('services', part({ c: '10.0.0.2' }));
  expect(applied).toEqual([
    [['a'], false],
    [['b'], false],
    [['b', 'c'], true],
  ]);
});

it('has no discovered Service without the word of the Gateway API, which may have routes and TLS for it', () => {
  const applied: string[][] = [];
  const parts = new ConfigParts({
    expected: ['files', 'services', 'gateway-api'],
    apply: ({ services }) => applied.push([...services.keys()].sort()),
    onRefused,
  });
  parts.set('files', part({ a: '10.0.0.1' }));
  parts.offer('services', part({ b: '10.0.0.2' }));
  parts.doWithoutMissing();
  parts.offer('gateway-api', part({ c: '10.0.0.3' }));
  expect(applied).toEqual([['a'], ['a', 'b', 'c']]);
});
