import { describe, expect, it } from 'vitest';
import { caller } from '../testing/caller.ts';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

const http = '[{ name: http, port: 80, protocol: HTTP }]';
const cluster = (...objects: string[]) =>
  new TestCluster()
    .apply([gatewayClass, gateway('g', http), service('a'), service('b'), ...objects].join('---'))
    .run();
const withFilters = (filters: string, ofBackend = '') =>
  `{ parentRefs: [{ name: g }], rules: [{ filters: [${filters}], backendRefs: [{ name: a, port: 8080, filters: [${ofBackend}] }] }] }`;
const firstRoute = (objects: TestCluster) => objects.translate().listeners[0]!.virtualHosts![0]!.routes[0]!;
const statusOf = (objects: TestCluster) =>
  conditionsOf(objects.statusOf('GRPCRoute', 'r').parents[0] as never);
const request = (changes: string) => `{ type: RequestHeaderModifier, requestHeaderModifier: { ${changes} } }`;
const response = (changes: string) =>
  `{ type: ResponseHeaderModifier, responseHeaderModifier: { ${changes} } }`;
const mirror = (fields: string, name = 'b') =>
  `{ type: RequestMirror, requestMirror: { backendRef: { name: ${name}, port: 8080 }, ${fields} } }`;

describe('filters', () => {
  it('change headers of requests and responses, of the rule and of a backend', () => {
    const changes = 'set: [{ name: X-Set, value: s }], add: [{ name: X-Add, value: a }], remove: [X-Gone]';
    const found = firstRoute(
      cluster(
        route(
          'GRPCRoute',
          'r',
          withFilters([request(changes), response(changes)].join(), request('remove: [x]')),
        ),
      ),
    );
    const expected = {
      set: [{ name: 'x-set', value: 's' }],
      add: [{ name: 'x-add', value: 'a' }],
      remove: ['x-gone'],
    };
    expect(found).toMatchObject({
      requestHeaders: expected,
      responseHeaders: expected,
      to: [{ service: 'a.default:8080', requestHeaders: { remove: ['x'] } }],
    });
  });

  it('mirror to several backends, by percent or fraction', () => {
    const filters = [
      mirror(''),
      mirror('percent: 5', 'a'),
      mirror('fraction: { numerator: 1, denominator: 1000 }'),
    ].join();
    const objects = cluster(route('GRPCRoute', 'r', withFilters(filters)));
    expect(firstRoute(objects).mirrors).toEqual([
      { service: 'b.default:8080', percent: 100 },
      { service: 'a.default:8080', percent: 5 },
      { service: 'b.default:8080', percent: 0.1 },
    ]);
    expect([...objects.translate().services.keys()].sort()).toEqual(['a.default:8080', 'b.default:8080']);
  });

  it('a mirror that is not there is said, and takes no calls', () => {
    const objects = cluster(route('GRPCRoute', 'r', withFilters(mirror('', 'missing'))));
    expect(statusOf(objects)).toEqual(['Accepted=True/Accepted', 'ResolvedRefs=False/BackendNotFound']);
    expect(firstRoute(objects).mirrors).toBe(undefined);
    expect(caller(objects)('/s/m')).toBe('a');
  });

  const extension = '{ type: ExtensionRef, extensionRef: { group: example.org, kind: Mine, name: x } }';

  it.each([
    ['an extension', withFilters(extension)],
    ['an extension of a backend', withFilters('', extension)],
    ['a mirror of a backend', withFilters('', mirror(''))],
    ['the same twice', withFilters([request('remove: [x]'), request('remove: [y]')].join())],
    ['a reserved header', withFilters(request('set: [{ name: grpc-timeout, value: 1S }]'))],
    ['a header that says how a message is framed', withFilters(request('remove: [content-length]'))],
    ['a value that no header can have', withFilters(response('add: [{ name: x, value: "" }]'))],
    ['a filter of another form', withFilters('{ type: RequestHeaderModifier }')],
  ])('%s: the route is not accepted', (_, spec) => {
    const objects = cluster(route('GRPCRoute', 'r', spec));
    expect(statusOf(objects)[0]).toBe('Accepted=False/UnsupportedValue');
    expect(caller(objects)('/s/m')).toBe(undefined);
  });
});

describe('a rule of several that cannot be done', () => {
  const rules = (bad: string) => `{ parentRefs: [{ name: g }], rules: [
    { backendRefs: [{ name: a, port: 8080 }] },
    { name: bad, ${bad}, matches: [{ method: { service: s } }], backendRefs: [{ name: b, port: 8080 }] }] }`;
  const partly = [
    'Accepted=True/Accepted',
    'ResolvedRefs=True/ResolvedRefs',
    'PartiallyInvalid=True/UnsupportedValue',
  ];

  it('refuses its calls when it is its filters', () => {
    const objects = cluster(route('GRPCRoute', 'r', rules('filters: [{ type: ExtensionRef }]')));
    expect(statusOf(objects)).toEqual(partly);
    const call = caller(objects);
    expect([call('/s/m'), call('/other/m')]).toEqual(['refused', 'a']);
  });

  it.each([
    ['its match', '{ headers: [{ name: x, value: "(", type: RegularExpression }] }'],
    ['a binary header', '{ headers: [{ name: x-bin, value: a }] }'],
    ['a service with a slash', '{ method: { service: a/b } }'],
    ['another form', '{ method: { type: Wrong } }'],
  ])('is left out when it is %s', (_, match) => {
    const spec = `{ parentRefs: [{ name: g }], rules: [{ backendRefs: [{ name: a, port: 8080 }] }, { matches: [${match}], backendRefs: [{ name: b, port: 8080 }] }] }`;
    const objects = cluster(route('GRPCRoute', 'r', spec));
    expect(statusOf(objects)).toEqual(partly);
    expect(objects.statusOf('GRPCRoute', 'r').parents[0]).toMatchObject({
      conditions: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringMatching(/^Dropped Rule: rule 1: ./) as unknown }),
      ]) as unknown,
    });
  });
});

it('timeouts: the shorter of both, and 0 is none', () => {
  const spec = (timeouts: string) =>
    `{ parentRefs: [{ name: g }], rules: [{ timeouts: ${timeouts}, backendRefs: [{ name: a, port: 8080 }] }] }`;
  const timeoutOf = (timeouts: string) =>
    firstRoute(cluster(route('HTTPRoute', 'r', spec(timeouts)))).timeoutMs;
  expect(timeoutOf('{ request: 1m30s, backendRequest: 500ms }')).toBe(500);
  expect(timeoutOf('{ request: 1m30s }')).toBe(90_000);
  expect(timeoutOf('{ request: 0s, backendRequest: 2s }')).toBe(2000);
  expect(timeoutOf('{ request: 0s }')).toBe(undefined);
});

describe('an HTTPRoute', () => {
  const filtered = (filter: string, match = '{}') =>
    `{ parentRefs: [{ name: g }], rules: [{ matches: [${match}], filters: [${filter}], backendRefs: [{ name: a, port: 8080 }] }] }`;
  const ofHttp = (...given: Parameters<typeof filtered>) => {
    const objects = cluster(route('HTTPRoute', 'r', filtered(...given)));
    const accepted = conditionsOf(objects.statusOf('HTTPRoute', 'r').parents[0] as never)[0];
    return { accepted, route: objects.translate().listeners[0]!.virtualHosts![0]!.routes[0] };
  };
  const redirect = (fields: string) => `{ type: RequestRedirect, requestRedirect: { ${fields} } }`;
  const rewrite = (fields: string) => `{ type: URLRewrite, urlRewrite: { ${fields} } }`;
  const prefix = 'path: { type: ReplacePrefixMatch, replacePrefixMatch: /new }';

  it('redirects, and passes nothing on', () => {
    expect(
      ofHttp(redirect('scheme: https, hostname: shop.example.org, port: 8443, statusCode: 301')),
    ).toMatchObject({
      accepted: 'Accepted=True/Accepted',
      route: { to: [], redirect: { status: 301, scheme: 'https', hostname: 'shop.example.org', port: 8443 } },
    });
    expect(ofHttp(redirect(prefix), '{ path: { value: /old/ } }').route).toMatchObject({
      match: { path: { kind: 'segments', value: '/old' } },
      redirect: { status: 302, path: { kind: 'prefix', value: '/new' } },
    });
  });

  it('rewrites host and path', () => {
    const full = 'hostname: a.org, path: { type: ReplaceFullPath, replaceFullPath: /all }';
    expect(ofHttp(rewrite(full)).route).toMatchObject({
      to: [{ service: 'a.default:8080' }],
      rewrite: { hostname: 'a.org', path: { kind: 'full', value: '/all' } },
    });
    expect(ofHttp(rewrite(prefix)).route).toMatchObject({ match: { path: { kind: 'prefix', value: '' } } });
  });

  it('is matched by parameters of the query, the first condition on each', () => {
    const match =
      '{ queryParams: [{ name: A, value: "1" }, { name: A, value: "2" }, { name: b, value: "x.*", type: RegularExpression }] }';
    expect(ofHttp('', match).route!.match.query).toEqual([
      { name: 'A', kind: 'exact', value: '1' },
      { name: 'b', kind: 'regex', value: 'x.*' },
    ]);
  });

  it.each([
    ['a prefix is replaced where none is matched', rewrite(prefix), '{ path: { type: Exact, value: /old } }'],
    ['it redirects and rewrites', `${redirect('port: 1')}, ${rewrite('hostname: a.org')}`, '{}'],
    ['a path has no slash', '', '{ path: { value: old } }'],
  ])('is not accepted when %s', (_, filter, match) => {
    expect(ofHttp(filter, match).accepted).toBe('Accepted=False/UnsupportedValue');
  });

  it('alone redirects and rewrites: a GRPCRoute does not', () => {
    const objects = cluster(route('GRPCRoute', 'r', withFilters(rewrite('hostname: a.org'))));
    expect(statusOf(objects)[0]).toBe('Accepted=False/UnsupportedValue');
  });
});
