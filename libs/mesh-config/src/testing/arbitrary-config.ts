import fc from 'fast-check';
import type { HealthCheck, Listener, MeshConfig, Service } from '../mesh-config.ts';
import type { SourceCluster } from '../clusters.ts';
import type { HeaderChanges, HeaderValue } from '../header-changes.ts';
import { redirectStatuses, type PathChange } from '../redirect.ts';
import type { Destination, Fault, HeaderMatch, Mirror, QueryMatch, Route, RouteMatch } from '../route.ts';
import type { SessionPersistence } from '../session-persistence.ts';
import type { SingleSource, Source } from '../file-format/source-format.ts';
import { serverSecurities, type AllowedCalls, type Servers } from '../servers.ts';
import type { UpstreamTls } from '../tls.ts';
import { again, policy } from './arbitrary-policy.ts';
import {
  failureCode,
  header,
  label,
  maybe,
  ms,
  name,
  path,
  percent,
  port,
  refreshMs,
  regex,
  text,
  uniqueNames,
} from './arbitrary-values.ts';

/** Any config that a reader could yield, for property tests. */

const endpoint = fc.record(
  {
    address: fc.oneof(fc.ipV4(), fc.ipV6()),
    port,
    additionalAddresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 8 }),
    weight: fc.integer({ min: 1, max: 100_000 }),
    region: text,
    zone: text,
    hostname: text,
  },
  { requiredKeys: ['address', 'port'] },
);
/** A name means the same cluster wherever it stands. */
const someClusters: SourceCluster[] = [
  { name: 'eu', region: 'europe' },
  { name: 'us', region: 'us', kubeconfig: '/us/kubeconfig' },
  { name: 'asia', region: 'far', kubeconfig: '/asia', context: 'admin@asia' },
];
const single: fc.Arbitrary<SingleSource> = fc.oneof(
  fc.record({ kind: fc.constant('dns-srv' as const), name: text, refreshMs }),
  fc.record({ kind: fc.constant('dns-a' as const), name: text, port, refreshMs }),
  fc.record(
    {
      kind: fc.constant('kubernetes' as const),
      service: label,
      namespace: label,
      port: fc.oneof(port, label),
      clusters: fc.subarray(someClusters, { minLength: 1 }),
    },
    { requiredKeys: ['kind', 'service', 'namespace', 'port'] },
  ),
  fc
    .tuple(
      fc.record(
        {
          kind: fc.constant('consul' as const),
          service: label,
          address: text,
          datacenter: text,
          tags: fc.array(text, { minLength: 1, maxLength: 3 }),
          onlyPassing: fc.boolean(),
          consistency: fc.constantFrom('default' as const, 'stale' as const, 'consistent' as const),
          tokenFile: path,
          ca: path,
        },
        { requiredKeys: ['kind', 'service', 'onlyPassing', 'consistency'] },
      ),
      fc.option(fc.record({ cert: path, key: path })),
    )
    .map(([all, pair]) => ({ ...all, ...pair })),
  fc.record({
    kind: fc.constant('static' as const),
    endpoints: fc.uniqueArray(endpoint, { selector: (one) => `${one.address} ${one.port}`, maxLength: 4 }),
  }),
  // Canonical paths, because readers normalise them.
  fc.record({ kind: fc.constant('file' as const), path }),
);
const source: fc.Arbitrary<Source> = fc.oneof(
  single,
  fc.record({
    kind: fc.constant('merged' as const),
    sources: fc.array(single, { minLength: 1, maxLength: 3 }),
  }),
);

const tls: fc.Arbitrary<UpstreamTls> = fc
  .tuple(
    fc.record({ ca: path, serverName: name }, { requiredKeys: [] }),
    fc.option(fc.record({ cert: path, key: path })),
  )
  .map(([all, pair]) => ({ ...all, ...pair }));

const identities = fc.uniqueArray(
  fc.constantFrom(
    '*',
    'shop.example.org',
    'spiffe://example.org/ns/shop/sa/web',
    'spiffe://example.org/ns/*',
  ),
  { minLength: 1 },
);
const methods = fc.uniqueArray(
  fc.constantFrom('/echo.EchoServer/SayHello', '/echo.EchoServer/*', '/echo.*'),
  {
    minLength: 1,
  },
);
const servers: fc.Arbitrary<Servers> = fc
  .tuple(fc.constantFrom(...serverSecurities), identities)
  .chain(([security, own]) => {
    const allowed: fc.Arbitrary<AllowedCalls> =
      security === 'mtls'
        ? fc.record({ clients: identities, methods }, maybe)
        : fc.record({ methods }, maybe);
    const all = { security: fc.constant(security), identities: fc.constant(security === 'none' ? [] : own) };
    return fc.record(
      { ...all, allow: fc.array(allowed, { maxLength: 2 }) },
      { requiredKeys: ['security', 'identities'] },
    );
  });

const healthCheckNumbers = fc.record({
  grpcService: fc.string({ maxLength: 20 }),
  timeoutMs: ms(),
  intervalMs: ms(10),
  healthyThreshold: fc.integer({ min: 1, max: 100 }),
  unhealthyThreshold: fc.integer({ min: 1, max: 100 }),
});
const healthCheck: fc.Arbitrary<HealthCheck> = fc
  .tuple(healthCheckNumbers, fc.record({ authority: name, port }, maybe))
  .map(([numbers, own]) => ({ ...numbers, ...own }));

const service = (serviceName: string): fc.Arbitrary<Service> =>
  fc
    .record(
      {
        name: fc.constant(serviceName),
        source,
        locality: fc.record({ region: fc.string({ maxLength: 10 }), zone: fc.string({ maxLength: 10 }) }),
        healthCheck,
        subsets: fc
          .uniqueArray(fc.record({ name, source }), { selector: (one) => one.name, maxLength: 2 })
          .map((list) => new Map(list.map((one) => [one.name, one]))),
        tls,
        servers,
        policy,
      },
      { requiredKeys: ['name', 'source', 'locality', 'subsets', 'policy'] },
    )
    // A check of such servers needs more than most of these have.
    .map(({ healthCheck: check, ...rest }) => ({
      ...rest,
      ...(check !== undefined && (check.port !== undefined || rest.servers === undefined)
        ? { healthCheck: check }
        : {}),
    }));

/** @param headers that no other route's conditions hold with, so that no route shadows another */
const match = (headers: HeaderMatch[]): fc.Arbitrary<RouteMatch> =>
  fc.record(
    {
      authority: fc
        .tuple(fc.constantFrom('', '*.'), name, fc.option(port))
        .map(([wild, host, at]) => `${wild}${host}${at === null ? '' : `:${at}`}`.toLowerCase()),
      path: fc.oneof(
        fc.constant({ kind: 'prefix' as const, value: '' }),
        fc.record({
          kind: fc.constantFrom('exact' as const, 'prefix' as const),
          value: fc.stringMatching(/^\/[a-zA-Z.]{0,10}(\/[a-zA-Z]{1,6})?$/),
        }),
        fc.record({
          kind: fc.constant('segments' as const),
          value: fc.stringMatching(/^(\/[a-zA-Z.]{1,6}){1,2}$/),
        }),
        fc.record({ kind: fc.constant('regex' as const), value: regex }),
      ),
      query: fc.array(queryMatch, { maxLength: 2 }),
      method: fc.constantFrom('POST', 'GET'),
      headers: fc.array(headerMatch, { maxLength: 2 }).map((more) => [...headers, ...more]),
    },
    { requiredKeys: ['path', 'headers'] },
  );

const queryMatch: fc.Arbitrary<QueryMatch> = fc.oneof(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,5}$/),
    kind: fc.constant('exact' as const),
    value: fc.string({ maxLength: 9 }),
  }),
  fc.record({ name: fc.stringMatching(/^[a-z]{1,5}$/), kind: fc.constant('regex' as const), value: regex }),
);

const hostname = fc.stringMatching(/^[a-z]{1,9}(\.[a-z]{1,3})?$/);
const pathChange = (match: RouteMatch): fc.Arbitrary<PathChange> =>
  fc.record({
    kind: fc.constantFrom(
      ...(match.path.kind === 'prefix' || match.path.kind === 'segments'
        ? (['full', 'prefix'] as const)
        : (['full'] as const)),
    ),
    value: fc.stringMatching(/^\/[a-z/]{0,9}$/),
  });

/** Where its calls go: to services, to services by another path, or back to the client. */
const targets = (
  match: RouteMatch,
  to: Destination[],
): fc.Arbitrary<Pick<Route, 'to' | 'redirect' | 'rewrite' | 'sessionPersistence'>> => {
  const path = pathChange(match);
  const rewrite = fc.record({ hostname, path }, maybe);
  const redirect = fc.record(
    {
      status: fc.constantFrom(...redirectStatuses),
      scheme: fc.constantFrom('http' as const, 'https' as const),
      hostname,
      port,
      path,
    },
    { requiredKeys: ['status'] },
  );
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant({ to }) },
    { weight: 1, arbitrary: sessionPersistence.map((one) => ({ to, sessionPersistence: one })) },
    { weight: 1, arbitrary: rewrite.map((one) => ({ to, rewrite: one })) },
    { weight: 1, arbitrary: redirect.map((one) => ({ to: [], redirect: one })) },
  );
};

const headerMatch: fc.Arbitrary<HeaderMatch> = fc.oneof(
  fc.record({
    name: header,
    invert: fc.boolean(),
    kind: fc.constantFrom('exact' as const, 'prefix' as const),
    value: fc.stringMatching(/^[!-~]([ -~]{0,8}[!-~])?$/),
  }),
  fc.record({ name: header, invert: fc.boolean(), kind: fc.constant('regex' as const), value: regex }),
  fc.record({ name: header, invert: fc.boolean(), kind: fc.constant('present' as const) }),
);

const fault: fc.Arbitrary<Fault> = fc
  .tuple(
    fc.record({ durationMs: ms(), percent }),
    fc.record({
      code: failureCode,
      percent,
    }),
    fc.constantFrom('delay', 'abort', 'both'),
  )
  .map(([delay, abort, which]) => ({
    ...(which === 'abort' ? {} : { delay }),
    ...(which === 'delay' ? {} : { abort }),
  }));

const headerValue: fc.Arbitrary<HeaderValue> = fc.oneof(
  fc.record({ name: header, value: fc.stringMatching(/^[!-~]([ -~]{0,8}[!-~])?$/) }),
  fc.record({ name: fc.constant('x-trace-bin'), value: fc.base64String({ minLength: 4, maxLength: 8 }) }),
);
const headerChanges: fc.Arbitrary<HeaderChanges> = fc.record(
  {
    set: fc.uniqueArray(headerValue, { selector: (one) => one.name, maxLength: 3 }),
    add: fc.array(headerValue, { maxLength: 3 }),
    remove: fc.uniqueArray(header, { maxLength: 3 }),
  },
  maybe,
);
const changes = fc.record({ requestHeaders: headerChanges, responseHeaders: headerChanges }, maybe);

const lifetime = fc.record({ absoluteTimeoutMs: ms(1000) }, maybe);
const sessionPersistence: fc.Arbitrary<SessionPersistence> = fc.oneof(
  fc
    .tuple(fc.record({ name: header }), lifetime)
    .map(([one, rest]) => ({ kind: 'header' as const, ...one, ...rest })),
  fc
    .tuple(
      fc.record(
        { name: fc.stringMatching(/^[A-Za-z_]{1,9}$/), path: fc.stringMatching(/^\/[a-z/]{0,9}$/) },
        { requiredKeys: ['name'] },
      ),
      lifetime,
      fc.boolean(),
    )
    .map(([one, rest, permanent]) => ({
      kind: 'cookie' as const,
      ...one,
      ...rest,
      permanent: permanent && rest.absoluteTimeoutMs !== undefined,
    })),
);

/** @param targets services, and their subsets */
const mirrors = (targets: readonly Omit<Mirror, 'percent'>[]): fc.Arbitrary<Mirror[]> =>
  fc.array(
    fc.tuple(fc.constantFrom(...targets), percent).map(([to, of]) => ({ ...to, percent: of })),
    { minLength: 1, maxLength: 3 },
  );

const targetsOf = (services: readonly Service[]) =>
  services.flatMap((one) => [
    { service: one.name },
    ...[...one.subsets.keys()].map((subset) => ({ service: one.name, subset })),
  ]);

const destinations = (services: readonly Service[]): fc.Arbitrary<Destination[]> => {
  const choices = targetsOf(services);
  return fc
    .tuple(
      fc.shuffledSubarray(choices, { minLength: 1 }),
      fc.array(fc.nat(1_000_000), { minLength: choices.length, maxLength: choices.length }),
      fc.array(changes, { minLength: choices.length, maxLength: choices.length }),
      fc.option(fc.nat(1_000_000), { nil: undefined }),
    )
    .map(([chosen, weights, headers, refused]) => [
      ...chosen.map((to, index) => ({
        ...to,
        ...headers[index]!,
        weight: index === 0 ? (weights[0]! % 1_000_000) + 1 : weights[index]!,
      })),
      ...(refused === undefined ? [] : [{ refuse: true as const, weight: refused }]),
    ]);
};

const route = (services: readonly Service[], index: number): fc.Arbitrary<Route> =>
  fc
    .tuple(
      fc
        .tuple(
          fc.record({ timeoutMs: ms(), fault, mirrors: mirrors(targetsOf(services)) }, maybe),
          again,
          changes,
        )
        .map(([some, attempts, headers]) => ({ ...some, ...attempts, ...headers })),
      match([{ name: 'evenly-route', invert: false, kind: 'exact', value: String(index) }]),
      destinations(services),
      header,
      fc.boolean(),
    )
    .chain(([some, matching, to, hashHeader, hasName]) =>
      targets(matching, to).map((target) => ({ some, matching, target, hashHeader, hasName })),
    )
    .map(({ some, matching, target, hashHeader, hasName }) => {
      const { to } = target;
      const hashed = to
        .filter(({ service }) => service !== undefined)
        .every((one) => services.find((s) => s.name === one.service)?.policy.loadBalancing === 'ring-hash');
      return {
        ...some,
        ...(hasName ? { name: `route-${index}` } : {}),
        match: matching,
        ...target,
        ...(hashed ? { hashHeader } : {}),
      };
    });

const routes = (services: readonly Service[]): fc.Arbitrary<Route[]> =>
  services.length === 0
    ? fc.constant([])
    : fc.nat(4).chain((length) => fc.tuple(...Array.from({ length }, (_, index) => route(services, index))));

const listeners = (services: readonly Service[]): fc.Arbitrary<Listener[]> =>
  fc.uniqueArray(port, { maxLength: 3 }).chain((ports) =>
    fc.tuple(
      ...ports.map((at, index) =>
        fc.record(
          {
            name: fc.constant(`listener_${index}`), // "_" is in none of the names above, so it is nobody's authority
            address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('0.0.0.0')),
            port: fc.constant(at),
            routes: routes(services),
            tls: fc.record({ cert: path, key: path, clientCa: path }, { requiredKeys: ['cert', 'key'] }),
            http1: fc.boolean(),
            grpcWeb: fc.constant(true),
            corsOrigins: fc.subarray(['*', 'https://shop.example.org', 'http://localhost:3000']),
            proxyProtocol: fc.boolean(),
            trustForwarded: fc.boolean(),
            normalizePath: fc.boolean(),
            encodedSlashes: fc.constantFrom('refuse' as const, 'keep' as const),
          },
          {
            requiredKeys: [
              'name',
              'address',
              'port',
              'http1',
              'grpcWeb',
              'corsOrigins',
              'proxyProtocol',
              'trustForwarded',
              'normalizePath',
              'encodedSlashes',
            ],
          },
        ),
      ),
    ),
  );

export const meshConfig: fc.Arbitrary<MeshConfig> = uniqueNames(4)
  .chain((names) => fc.tuple(...names.map(service)))
  .chain((services) =>
    fc.record({
      services: fc.constant(new Map(services.map((one) => [one.name, one]))),
      routes: routes(services),
      listeners: listeners(services),
    }),
  )
  // fast-check's records may lack a prototype; what readers yield has one.
  .map((config) => structuredClone(config));
