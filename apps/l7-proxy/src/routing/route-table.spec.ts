import { headerList, type HeaderInput } from '@evenly/http2';
import { readMeshConfig, routesOf, virtualHostsOf } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { RouteStats } from '../stats/route-stats.ts';
import { RouteTable } from './route-table.ts';

const services = ['a', 'b', 'c', 'd']
  .map((name) => `  ${name}: { source: { static: { endpoints: [] } } }`)
  .join('\n');

function tableOf(list: string) {
  const config = readMeshConfig(`services:\n${services}\nroutes:\n${list}`, 'mesh.yaml');
  const routes = routesOf(config);
  return new RouteTable(routes, virtualHostsOf(routes), {
    destinationOf: (service) => service,
    statsOf: () => new RouteStats(),
  });
}

function request(authority: string, path = '/', headers: readonly HeaderInput[] = [], method = 'POST') {
  const pseudo = [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
  ] as const;
  return headerList([...pseudo, ...headers]);
}

describe('the first route that matches wins', () => {
  const table = tableOf(`
  - match: { authority: shop:8080, path: { exact: /one } }
    to: [{ service: a }]
  - match: { authority: shop, path: { prefix: /cart. }, headers: [{ name: x-canary, exact: always }] }
    to: [{ service: b }]
  - match: { authority: shop, path: { regex: '/v[0-9]+/.*' }, method: GET }
    to: [{ service: c }]
  - match: { headers: [{ name: x-debug, present: true }] }
    to: [{ service: d }]
`);
  const serviceOf = (...args: Parameters<typeof request>) => table.find(request(...args))?.choose(0)?.target;

  it.each<[string, Parameters<typeof request>, string | undefined]>([
    ['authority with port', ['shop:8080', '/one'], 'a'],
    ['another port', ['shop:9090', '/one'], undefined],
    ['no port in the route: any', ['SHOP:1', '/cart.Cart/Add', [['x-canary', 'always']]], 'b'],
    ['header missing', ['shop', '/cart.Cart/Add'], undefined],
    ['header with another value', ['shop', '/cart.Cart/Add', [['x-canary', 'never']]], undefined],
    ['regex of the whole path, the query left out', ['shop', '/v12/x?y=/', [], 'GET'], 'c'],
    ['regex that holds for a part only', ['shop', '/x/v12/x', [], 'GET'], undefined],
    ['another method', ['shop', '/v12/x'], undefined],
    ['any authority', ['elsewhere', '/', [['x-debug', '']]], 'd'],
    ['any authority, host known', ['shop', '/', [['x-debug', '1']]], 'd'],
    ['implicit route by name', ['b', '/'], 'b'],
    ['nobody', ['elsewhere', '/'], undefined],
  ])('%s', (_what, args, service) => expect(serviceOf(...args)).toBe(service));
});

it('several fields with one name count as one value; inverted conditions', () => {
  const table = tableOf(`
  - match: { headers: [{ name: x-tag, exact: 'one,two' }] }
    to: [{ service: a }]
  - match: { headers: [{ name: x-tag, prefix: n, invert: true }] }
    to: [{ service: b }]
  - match: { headers: [{ name: x-tag, present: true, invert: true }] }
    to: [{ service: c }]
`);
  const serviceOf = (...tags: string[]) =>
    table
      .find(
        request(
          'x',
          '/',
          tags.map((tag): HeaderInput => ['x-tag', tag]),
        ),
      )
      ?.choose(0)?.target;
  expect(serviceOf('one', 'two')).toBe('a');
  expect(serviceOf('one')).toBe('b');
  expect(serviceOf('no')).toBeUndefined();
  expect(serviceOf()).toBe('c');
});

it('destinations get calls by weight; weight 0 gets none', () => {
  const table = tableOf(`
  - match: {}
    to: [{ service: a, weight: 0 }, { service: b, weight: 95 }, { service: c, weight: 5 }, { service: d, weight: 0 }]
`);
  const route = table.find(request('x'))!;
  const counts: Record<string, number> = {};
  for (let step = 0; step < 1000; step++) {
    const service = route.choose(step / 1000)!.target;
    counts[service] = (counts[service] ?? 0) + 1;
  }
  expect(counts).toEqual({ b: 950, c: 50 });
});
