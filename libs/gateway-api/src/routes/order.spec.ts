import { expect, it } from 'vitest';
import { caller } from '../testing/caller.ts';
import { gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const http = '[{ name: http, port: 80, protocol: HTTP }]';
const cluster = (...objects: string[]) =>
  new TestCluster().apply(
    [gatewayClass, gateway('g', http), ...names.map((name) => service(name)), ...objects].join('---'),
  );
const rule = (to: string, match: string) =>
  `{ matches: [${match}], backendRefs: [{ name: ${to}, port: 8080 }] }`;
const spec = (rules: string[], hostnames = '') =>
  `{ parentRefs: [{ name: g }], hostnames: [${hostnames}], rules: [${rules.join()}] }`;
const young = 'creationTimestamp: "2026-01-02T00:00:00Z"';
const old = 'creationTimestamp: "2026-01-01T00:00:00Z"';

it('gRPC: the longer service comes first, then the longer method, then more headers, whatever the order', () => {
  const rules = [
    rule('a', '{}'),
    rule('b', '{ headers: [{ name: x, value: "1" }, { name: y, value: "1" }] }'),
    rule('c', '{ method: { method: Get } }'),
    rule('d', '{ method: { service: shop.Cart } }'),
    rule('e', '{ method: { service: shop.Cart, method: Get } }'),
  ];
  const call = caller(cluster(route('GRPCRoute', 'r', spec(rules))));
  const headers = { x: '1', y: '1' };
  expect(call('/shop.Cart/Get', { headers })).toBe('e');
  expect(call('/shop.Cart/Put', { headers })).toBe('d');
  expect(call('/shop.Carts/Get', { headers })).toBe('c');
  expect(call('/shop.Carts/Put', { headers })).toBe('b');
  expect(call('/shop.Carts/Put', { headers: { x: '1' } })).toBe('a');
});

it('gRPC: regular expressions are of the whole name, and come after exact ones', () => {
  const rules = [
    rule('a', '{ method: { type: RegularExpression, service: "shop[.]C.*|other", method: "Get|Put" } }'),
    rule('b', '{ method: { type: RegularExpression, method: "Del.*" } }'),
    rule('c', '{ method: { method: Get } }'),
    rule('d', '{ headers: [{ name: x, value: "v[0-9]+", type: RegularExpression }] }'),
  ];
  const call = caller(cluster(route('GRPCRoute', 'r', spec(rules))));
  expect(call('/shop.Cart/Put')).toBe('a');
  expect(call('/shop.Cart/Get')).toBe('c');
  expect(call('/other/Put')).toBe('a');
  expect(call('/others/Put')).toBe(undefined);
  expect(call('/shop.Cart/Putt')).toBe(undefined);
  expect(call('/any.Service/Delete')).toBe('b');
  expect(call('/any.Service/x', { headers: { x: 'v12' } })).toBe('d');
  expect(call('/any.Service/x', { headers: { x: 'v12!' } })).toBe(undefined);
});

it('gRPC: what has a meaning in regular expressions has none in an exact method', () => {
  const call = caller(cluster(route('GRPCRoute', 'r', spec([rule('a', '{ method: { method: "G.t" } }')]))));
  expect([call('/s/G.t'), call('/s/Get')]).toEqual(['a', undefined]);
});

it('HTTP: exact paths come first, then regular expressions, longer prefixes, methods and headers', () => {
  const path = (type: string, value: string) => `path: { type: ${type}, value: ${value} }`;
  const rules = [
    rule('a', '{}'),
    rule('b', `{ ${path('PathPrefix', '/shop')}, headers: [{ name: x, value: "1" }] }`),
    rule('c', `{ ${path('PathPrefix', '/shop')}, method: GET }`),
    rule('d', `{ ${path('PathPrefix', '/shop/cart/')} }`),
    rule('e', `{ ${path('Exact', '/shop/cart')} }`),
  ];
  const call = caller(cluster(route('HTTPRoute', 'r', spec(rules))));
  const headers = { x: '1' };
  expect(call('/shop/cart', { method: 'GET' })).toBe('e');
  expect(call('/shop/cart/')).toBe('d');
  expect(call('/shop/cart/item?x')).toBe('d');
  expect(call('/shop/x', { method: 'GET', headers })).toBe('c');
  expect(call('/shop', { headers })).toBe('b');
  expect(call('/shopping', { headers, method: 'GET' })).toBe('a');
  const withRegex = [...rules, rule('d', `{ ${path('RegularExpression', '"/shop/[a-z]+"')} }`)];
  expect(caller(cluster(route('HTTPRoute', 'r', spec(withRegex))))('/shop/x', { method: 'GET' })).toBe('d');
});

it('of equal matches the older route wins, then the first by name; within a route the earlier rule', () => {
  const one = (name: string, to: string, more: string) =>
    route('GRPCRoute', name, spec([rule(to, '{}'), rule('e', '{}')]), more);
  expect(caller(cluster(one('a', 'a', young), one('z', 'b', old)))('/s/m')).toBe('b');
  expect(caller(cluster(one('z', 'a', old), one('a', 'b', old)))('/s/m')).toBe('b');
});

it('a more specific host name goes before a longer match, and what it does not match is left to the others', () => {
  const call = caller(
    cluster(
      route('GRPCRoute', 'all', spec([rule('a', '{ method: { service: s, method: m } }')])),
      route(
        'GRPCRoute',
        'some',
        spec([rule('b', '{ headers: [{ name: x, value: "1" }] }')], 'shop.example.org'),
      ),
    ),
  );
  const authority = 'shop.example.org';
  expect(call('/s/m', { authority, headers: { x: '1' } })).toBe('b');
  expect(call('/s/m', { authority })).toBe('a');
  expect(call('/s/m', { authority: 'other.example.org', headers: { x: '1' } })).toBe('a');
});

it('of several conditions on one header the first counts', () => {
  const match = '{ headers: [{ name: X, value: "1" }, { name: x, value: "2" }] }';
  const call = caller(cluster(route('GRPCRoute', 'r', spec([rule('a', match)]))));
  expect([call('/s/m', { headers: { x: '1' } }), call('/s/m', { headers: { x: '2' } })]).toEqual([
    'a',
    undefined,
  ]);
});
