import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderMatch, Route, RouteMatch } from '../route.ts';
import { Router } from './router.ts';
import { virtualHostsOf, type VirtualHost } from './virtual-hosts.ts';

const anyPath = { kind: 'prefix', value: '' } as const;

const route = (service: string, match: Partial<RouteMatch> = {}): Route => ({
  match: { path: anyPath, headers: [], ...match },
  to: [{ service, weight: 1 }],
});

function asked(
  hosts: readonly VirtualHost[],
  authority: string,
  headers: Record<string, string> = {},
  path = '/a/b',
) {
  const router = new Router(hosts, ({ to }) => to[0]!.service);
  return router.find({ authority, path, method: 'POST', header: (name) => headers[name] });
}

const canary: HeaderMatch = { name: 'x-canary', kind: 'present', invert: false };

describe('a list of routes as virtual hosts', () => {
  const hosts = virtualHostsOf([
    route('can', { authority: 'shop', headers: [canary] }),
    route('be2', { authority: 'shop:9000', path: { kind: 'exact', value: '/a/b' } }),
    route('be1', { authority: 'shop' }),
    route('any', { headers: [canary] }),
  ]);

  it.each([
    ['shop', {}, '/a/b', 'be1'],
    ['shop', { 'x-canary': '' }, '/a/b', 'can'],
    ['shop:9000', {}, '/a/b', 'be2'],
    ['shop:9000', { 'x-canary': '' }, '/a/b', 'can'],
    ['shop:9000', {}, '/a/b?query', 'be2'],
    ['shop:9000', {}, '/other', 'be1'],
    ['SHOP.:09000', {}, '/a/b', 'be2'],
    ['shop:1', {}, '/a/b', 'be1'],
    ['elsewhere', { 'x-canary': '' }, '/a/b', 'any'],
    ['elsewhere', {}, '/a/b', undefined],
  ])('%s %j %s', (authority, headers, path, service) => {
    expect(asked(hosts, authority, headers, path)).toBe(service);
  });

  it('gives what the first route of the list gives whose conditions all hold', () => {
    const authorities = [
      'a',
      'a:1',
      'a:2',
      'b',
      'b:1',
      'c',
      'c:1',
      'a.x',
      'a.x:1',
      'b.a.x',
      'b.a.x:1',
      'x',
      'x:2',
    ];
    const wildcards = ['*.x', '*.x:1', '*.a.x', '*.a.x:2'];
    const match = fc.record(
      { authority: fc.constantFrom(...authorities, ...wildcards), headers: fc.constantFrom([], [canary]) },
      { requiredKeys: ['headers'] },
    );
    fc.assert(
      fc.property(
        fc.array(match, { maxLength: 8 }),
        fc.constantFrom(...authorities),
        fc.boolean(),
        (all, authority, has) => {
          const first = all.findIndex(
            (one) => holdsFor(one.authority, authority) && (has || one.headers.length === 0),
          );
          const own = virtualHostsOf(all.map((one, index) => route(String(index), one)));
          expect(asked(own, authority, has ? { 'x-canary': '1' } : {})).toBe(
            first < 0 ? undefined : String(first),
          );
        },
      ),
    );
  });
});

/** Told apart from the code by going the other way: a pattern for each authority of a route. */
function holdsFor(given: string | undefined, authority: string): boolean {
  if (given === undefined) return true;
  const escaped = given.replaceAll('.', '\\.').replace('*', '[^:]+');
  return new RegExp(`^${escaped}${given.includes(':') ? '' : '(:\\d+)?'}$`).test(authority);
}

describe('virtual hosts as xDS has them', () => {
  it('of wildcards the longest wins, and a whole name before them', () => {
    const hosts = [
      { domains: ['*.example.com', '*.example.com:*'], routes: [route('wide')] },
      { domains: ['*.shop.example.com', '*.shop.example.com:*'], routes: [route('narrow')] },
      { domains: ['a.shop.example.com'], routes: [route('whole')] },
      { domains: ['*.example.com:9'], routes: [route('port')] },
    ];
    const found = (...authorities: string[]) => authorities.map((one) => asked(hosts, one));
    expect(found('a.shop.example.com', 'b.shop.example.com', 'c.b.shop.example.com:8')).toEqual([
      'whole',
      'narrow',
      'narrow',
    ]);
    expect(found('a.shop.example.com:1', 'x.example.com:1', 'x.example.com:9')).toEqual([
      'narrow',
      'wide',
      'port',
    ]);
    expect(found('example.com', 'notexample.com', '.example.com', 'shop.example.com')).toEqual([
      undefined,
      undefined,
      'wide',
      'wide',
    ]);
  });

  it('an authority of very many labels is not looked for under wildcards', () => {
    const hosts = [{ domains: ['*.example.com', '*.example.com:*'], routes: [route('wide')] }];
    expect(asked(hosts, `${'a.'.repeat(120)}example.com`)).toBe('wide');
    expect(asked(hosts, `${'a.'.repeat(20_000)}example.com`)).toBeUndefined();
  });

  it('a call belongs to the one whose domain fits best, and to no other', () => {
    const hosts = [
      { domains: ['*'], routes: [route('any')] },
      { domains: ['shop:*'], routes: [route('ports')] },
      { domains: ['shop'], routes: [route('bare')] },
      { domains: ['shop:9000'], routes: [route('own', { headers: [canary] })] },
      { domains: ['closed'], routes: [] },
    ];
    expect(
      ['shop', 'shop:1', 'shop:9000', 'closed', 'closed:1', 'x'].map((one) => asked(hosts, one)),
    ).toEqual(['bare', 'ports', undefined, undefined, 'any', 'any']);
  });
});

it('an inverted condition needs the header, unless it is that it be absent', () => {
  const inverted = (match: HeaderMatch) => virtualHostsOf([route('a', { headers: [match] })]);
  const value = inverted({ name: 'x', kind: 'exact', value: 'v', invert: true });
  expect([{}, { x: 'v' }, { x: 'w' }].map((headers) => asked(value, 'h', headers))).toEqual([
    undefined,
    undefined,
    'a',
  ]);
  const absent = inverted({ name: 'x', kind: 'present', invert: true });
  expect([{}, { x: 'v' }].map((headers) => asked(absent, 'h', headers))).toEqual(['a', undefined]);
});
