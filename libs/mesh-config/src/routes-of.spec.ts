import { describe, expect, it } from 'vitest';
import { readMeshConfig } from './mesh-reader.ts';
import { hostsOf, routesOf } from './routes-of.ts';

const config = readMeshConfig(
  `services:
  Be1: { source: { static: { endpoints: [] } } }
  be2: { source: { static: { endpoints: [] } } }
  be3: { source: { static: { endpoints: [] } } }
routes:
  - { match: { authority: be2, path: { prefix: /echo. } }, to: [{ service: be3 }] }
listeners:
  - { name: all, port: 1 }
  - { name: own, port: 2, routes: [{ to: [{ service: be2 }] }] }
`,
  'mesh.yaml',
);

describe('routesOf', () => {
  it('adds a route from its own name to each service whose name no route has as authority, after all others', () => {
    const rows = routesOf(config).map(({ match, to }) => [match.authority, match.path.value, to[0]!.service]);
    expect(rows).toEqual([
      ['be2', '/echo.', 'be3'],
      ['be1', '', 'Be1'],
      ['be3', '', 'be3'],
    ]);
  });

  it("gives a listener its own routes alone, or else the whole config's", () => {
    const [all, own] = config.listeners;
    expect(routesOf(config, all)).toEqual(routesOf(config));
    expect(routesOf(config, own)).toBe(own!.routes);
    expect(own!.routes).toHaveLength(1);
  });
});

it('gives the same objects each time, and hostsOf the same as routesOf: a proxy finds what it made of a route by it', () => {
  const text = 'services: { a: { source: { static: { endpoints: ["10.0.0.1:1"] } } } }';
  const config = readMeshConfig(text, 'mesh.yaml');
  const [route] = routesOf(config);
  expect(routesOf(config)[0]).toBe(route);
  expect(hostsOf(config)[0]!.routes[0]).toBe(route);
});
