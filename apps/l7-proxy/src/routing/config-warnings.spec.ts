import { readMeshConfig } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { oneService, startProxy } from '../testing/harness.ts';
import { configWarnings } from './config-warnings.ts';

const warningsOf = (rest: string) =>
  configWarnings(
    readMeshConfig(`services:\n  closed: { source: { static: { endpoints: [] } } }\n${rest}`, 'mesh.yaml'),
  );
const route = (match: string) => `routes:\n  - match: ${match}\n    to: [{ service: closed }]\n`;

describe('an implicit route that leads round a condition is said', () => {
  it.each([
    ['a header', '{ headers: [{ name: x-key, exact: secret }] }'],
    ['a path', '{ authority: shop.example, path: { prefix: /public } }'],
    ['a method', '{ method: GET }'],
  ])('%s', (_what, match) => {
    expect(warningsOf(route(match))).toEqual([
      'mesh.yaml:2: services.closed: has an implicit route: calls with the authority "closed" reach it without the ' +
        'conditions of mesh.yaml:4: routes[0]; a route of your own with that authority takes its place',
    ]);
  });

  it.each([
    ['no route at all', ''],
    ['a route that asks for an authority and nothing more', route('{ authority: shop.example }')],
    ['a route of its own name', route('{ authority: closed, method: GET }')],
    [
      'another route that asks for nothing',
      `${route('{ method: GET }')}  - match: {}\n    to: [{ service: closed }]\n`,
    ],
    [
      'listeners that all have their own routes',
      `${route('{ method: GET }')}listeners: [{ name: in, port: 1, routes: [{ to: [{ service: closed }] }] }]\n`,
    ],
  ])('not with %s', (_what, rest) => expect(warningsOf(rest)).toEqual([]));
});

describe('a path that no request has any more is said', () => {
  it.each([
    '{ exact: /a//b }',
    '{ exact: /a/../b }',
    '{ exact: /%61dmin }',
    '{ exact: /a%2fb }',
    '{ prefix: /a// }',
    '{ prefix: /a/./ }',
  ])('%s', (path) => {
    const [warning] = warningsOf(route(`{ authority: closed, path: ${path} }`));
    expect(warning).toMatch(/^mesh.yaml:4: routes\[0\]\.match\.path\.(exact|prefix): can never match/);
  });

  it.each([
    '{ exact: /a%20b }',
    '{ prefix: /. }',
    '{ prefix: /a%2 }',
    '{ prefix: /echo. }',
    '{ regex: "//.*" }',
  ])('not %s', (path) => expect(warningsOf(route(`{ authority: closed, path: ${path} }`))).toEqual([]));

  it('nor where a listener takes paths as they come', () => {
    const listener = 'listeners: [{ name: in, port: 1, normalizePath: false }]\n';
    expect(warningsOf(`${route('{ authority: closed, path: { exact: //a } }')}${listener}`)).toEqual([]);
  });
});

it('is said once at load, and again only when it has gone in between', async () => {
  const guarded = oneService([]).replace('match: {}', 'match: { method: GET }');
  await using proxy = await startProxy(guarded);
  const count = (text: string) => proxy.log.filter(({ message }) => message === text).length;
  expect(count('check the config')).toBe(1);
  await proxy.write(`${guarded}# again\n`);
  await expect.poll(() => count('config applied')).toBe(2);
  expect(count('check the config')).toBe(1);
  await proxy.write(oneService([]));
  await expect.poll(() => count('config applied')).toBe(3);
  await proxy.write(guarded);
  await expect.poll(() => count('check the config')).toBe(2);
});
