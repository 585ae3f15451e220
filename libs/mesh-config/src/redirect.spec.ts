import { describe, expect, it } from 'vitest';
import { changedPath, locationOf, type Redirect } from './redirect.ts';
import type { PathMatch } from './path-match.ts';

const segments = (value: string): PathMatch => ({ kind: 'segments', value });
const prefix = (value: string): PathMatch => ({ kind: 'prefix', value });

describe('another path', () => {
  // The table of HTTPPathModifier in the Gateway API.
  it.each([
    [segments('/foo'), '/xyz', '/foo/bar', '/xyz/bar'],
    [segments('/foo'), '/xyz/', '/foo/bar', '/xyz/bar'],
    [segments('/foo'), '/xyz', '/foo', '/xyz'],
    [segments('/foo'), '/xyz/', '/foo', '/xyz/'],
    [segments('/foo'), '/xyz', '/foo/', '/xyz/'],
    [segments('/foo'), '/xyz/', '/foo/', '/xyz/'],
    [segments('/foo'), '', '/foo/bar', '/bar'],
    [segments('/foo'), '', '/foo/', '/'],
    [segments('/foo'), '', '/foo', '/'],
    [segments('/foo'), '/', '/foo/bar', '/bar'],
    [segments('/foo'), '/', '/foo', '/'],
    [prefix(''), '/xyz', '/bar', '/xyz/bar'],
    [prefix(''), '/xyz/', '/bar', '/xyz/bar'],
    [prefix('/a-'), '/b-', '/a-1', '/b-1'],
    [prefix('/a-'), '', '/a-1', '/1'],
    [segments('/foo'), '/x', '/foo/bar?a=/foo', '/x/bar?a=/foo'],
  ])('%o replaced by %o: %s → %s', (match, value, path, expected) => {
    expect(changedPath({ kind: 'prefix', value }, match, path)).toBe(expected);
  });

  it('as a whole, with the query that came', () => {
    expect(changedPath({ kind: 'full', value: '/all' }, segments('/foo'), '/foo/bar?a=1')).toBe('/all?a=1');
  });
});

describe('where a redirect leads', () => {
  const request = { scheme: 'http', authority: 'shop.example:8080', path: '/cart/1?a=b' };
  it.each<[string, Partial<Redirect>, Partial<typeof request>, string]>([
    ['nothing said', {}, {}, 'http://shop.example:8080/cart/1?a=b'],
    ['a host, whose port is the scheme’s own', { hostname: 'a.org' }, {}, 'http://a.org/cart/1?a=b'],
    ['a scheme, the same', { scheme: 'https' }, {}, 'https://shop.example/cart/1?a=b'],
    ['a port', { port: 9000 }, {}, 'http://shop.example:9000/cart/1?a=b'],
    ['a port that is the scheme’s', { port: 80 }, {}, 'http://shop.example/cart/1?a=b'],
    ['443 with https', { scheme: 'https', port: 443 }, {}, 'https://shop.example/cart/1?a=b'],
    ['443 with http', { port: 443 }, {}, 'http://shop.example:443/cart/1?a=b'],
    ['an address of IPv6', { port: 1 }, { authority: '[::1]' }, 'http://[::1]:1/cart/1?a=b'],
    ['one with its port', { scheme: 'https' }, { authority: '[::1]:80' }, 'https://[::1]/cart/1?a=b'],
    [
      'a path',
      { hostname: 'a.org', path: { kind: 'prefix', value: '/basket' } },
      {},
      'http://a.org/basket/1?a=b',
    ],
  ])('%s', (_what, redirect, asked, location) => {
    expect(locationOf({ status: 302, ...redirect }, segments('/cart'), { ...request, ...asked })).toBe(
      location,
    );
  });
});
