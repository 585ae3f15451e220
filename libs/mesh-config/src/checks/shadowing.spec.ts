import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PathMatch } from '../path-match.ts';
import type { HeaderMatch, Route, RouteMatch } from '../route.ts';
import { findShadowing } from './shadowing.ts';

interface Call {
  host: string;
  port: string;
  path: string;
  method: string;
  headers: Readonly<Record<string, string>>;
}

/** What `docs/mesh-config.md` says of a match, in the plainest form. */
function matches({ authority, path, method, headers }: RouteMatch, call: Call): boolean {
  return (
    (authority === undefined || authority === call.host || authority === `${call.host}:${call.port}`) &&
    (method === undefined || method === call.method) &&
    valueMatches(path, call.path) &&
    headers.every((header) => {
      const value = call.headers[header.name];
      if (header.kind === 'present') return (value !== undefined) !== header.invert;
      return value !== undefined && valueMatches(header, value) !== header.invert;
    })
  );
}

function valueMatches({ kind, value }: Pick<PathMatch, 'kind' | 'value'>, text: string): boolean {
  if (kind === 'exact') return text === value;
  if (kind === 'segments') return `${text}/`.startsWith(`${value}/`);
  return kind === 'prefix' ? text.startsWith(value) : new RegExp(`^(?:${value})$`).test(text);
}

const values = ['a', 'ab', 'b'];
const paths = ['/', '/a', '/ab', '/b', '/a/b'];
const calls: Call[] = ['h', 'i'].flatMap((host) =>
  ['1', '2'].flatMap((port) =>
    paths.flatMap((path) =>
      ['GET', 'POST'].flatMap((method) =>
        [undefined, ...values].flatMap((x) =>
          [undefined, ...values].map((y) => ({
            host,
            port,
            path,
            method,
            headers: { ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) },
          })),
        ),
      ),
    ),
  ),
);

const headerMatches: HeaderMatch[] = ['x', 'y'].flatMap((name) =>
  [true, false].flatMap((invert): HeaderMatch[] => [
    { name, invert, kind: 'present' },
    ...values.map((value) => ({ name, invert, kind: 'exact' as const, value })),
    ...values.map((value) => ({ name, invert, kind: 'prefix' as const, value })),
    ...['a.*', '.', '.*'].map((value) => ({ name, invert, kind: 'regex' as const, value })),
  ]),
);
const pathMatches: PathMatch[] = [
  ...paths.map((value) => ({ kind: 'exact' as const, value })),
  ...['', ...paths].map((value) => ({ kind: 'prefix' as const, value })),
  ...['/a', '/a/b', '/b'].map((value) => ({ kind: 'segments' as const, value })),
  ...['/a.*', '/.', '.*'].map((value) => ({ kind: 'regex' as const, value })),
];

const header = fc.constantFrom(...headerMatches);
const match: fc.Arbitrary<RouteMatch> = fc.record(
  {
    authority: fc.constantFrom('h', 'i', 'h:1', 'h:2'),
    path: fc.constantFrom(...pathMatches),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.array(header, { maxLength: 2 }),
  },
  { requiredKeys: ['path', 'headers'] },
);
const route = (one: RouteMatch): Route => ({ match: one, to: [{ service: 's', weight: 1 }] });
const isFound = (a: RouteMatch, b: RouteMatch) => findShadowing([route(a), route(b)]).length > 0;

const any: RouteMatch = { path: { kind: 'prefix', value: '' }, headers: [] };
const all = <T>(items: readonly T[], toMatch: (item: T) => RouteMatch) => items.map(toMatch);

describe('findShadowing', () => {
  // Two matches by chance are hardly ever near enough to each other, so what differs in one thing is all tried.
  it.each([
    ['a header', all(headerMatches, (one) => ({ ...any, headers: [one] }))],
    ['the path', all(pathMatches, (path) => ({ ...any, path }))],
    ['the authority', all(['h', 'i', 'h:1', 'h:2'], (authority) => ({ ...any, authority }))],
  ])('never calls a route shadowed that can match, where only %s differs', (_, list) => {
    let found = 0;
    for (const a of list) {
      for (const b of list.filter((one) => isFound(a, one))) {
        found++;
        const missed = calls.filter((call) => matches(b, call) && !matches(a, call));
        expect({ a, b, missed }).toEqual({ a, b, missed: [] });
      }
    }
    expect(found).toBeGreaterThan(list.length); // each shadows at least itself
  });

  // fast-check prints the seed when one of these fails.
  it('never calls a route shadowed that can match', () => {
    fc.assert(
      fc.property(match, match, (a, b) => {
        if (!isFound(a, b)) return;
        for (const call of calls) if (matches(b, call)) expect(matches(a, call)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds a route that comes again with more conditions', () => {
    const more = fc.record({
      headers: fc.array(header, { maxLength: 2 }),
      method: fc.constantFrom('GET', 'POST'),
    });
    fc.assert(
      fc.property(match, more, (a, { headers, method }) => {
        expect(isFound(a, { method, ...a, headers: [...headers, ...a.headers] })).toBe(true);
      }),
    );
  });

  const path = (kind: PathMatch['kind'], value: string): RouteMatch => ({
    path: { kind, value },
    headers: [],
  });
  const headers = (...list: HeaderMatch[]): RouteMatch => ({
    path: { kind: 'prefix', value: '' },
    headers: list,
  });
  const x = (condition: Partial<HeaderMatch>) => ({ name: 'x', invert: false, ...condition }) as HeaderMatch;

  it.each([
    ['a shorter prefix', path('prefix', '/echo.'), path('prefix', '/echo.EchoServer/')],
    ['a prefix of an exact path', path('prefix', '/echo.'), path('exact', '/echo.EchoServer/SayHello')],
    [
      'a regex that takes an exact path',
      path('regex', '/echo\\..*'),
      path('exact', '/echo.EchoServer/SayHello'),
    ],
    ['"/", which every path begins with', path('prefix', '/'), path('regex', '.*')],
    ['no authority', path('prefix', ''), { ...path('prefix', ''), authority: 'a' }],
    [
      'an authority without a port',
      { ...path('prefix', ''), authority: 'a' },
      { ...path('prefix', ''), authority: 'a:1' },
    ],
    ['a header that is there', headers(x({ kind: 'present' })), headers(x({ kind: 'exact', value: 'a' }))],
    [
      'a header that is another',
      headers(x({ kind: 'exact', value: 'b', invert: true })),
      headers(x({ kind: 'exact', value: 'a' })),
    ],
    [
      'a shorter header prefix',
      headers(x({ kind: 'prefix', value: 'a' })),
      headers(x({ kind: 'prefix', value: 'ab' })),
    ],
  ])('finds what %s takes', (_, a, b) => {
    expect(isFound(a, b)).toBe(true);
    expect(isFound(b, a)).toBe(false);
  });

  it('names the first route that takes all', () => {
    expect(findShadowing([path('exact', '/b'), any, path('exact', '/a'), any].map(route))).toEqual([
      { route: 2, by: 1 },
      { route: 3, by: 1 },
    ]);
  });
});
