import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClusterState } from './state.ts';
import { controllerName, TestCluster } from './testing/cluster.ts';

/** Names are few, so that objects meet. */
const name = fc.constantFrom('a', 'b', 'c');
const port = fc.oneof(fc.constantFrom(80, 443, 8080), fc.anything());
const hostname = fc.constantFrom(undefined, 'a.com', '*.com', '*.a.com', 'b.a.com', '', '*', 'A.com', 7);
const garbage = fc.oneof(fc.anything({ maxDepth: 2 }), fc.constantFrom(undefined, null, '', 0, [], {}));
/** Mostly what is meant, now and then anything. */
const mostly = <T>(meant: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: meant }, { weight: 1, arbitrary: garbage });
const record = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  mostly(
    fc.record(Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, mostly(value)])), {
      requiredKeys: [],
    }),
  );
const list = (item: fc.Arbitrary<unknown>, maxLength = 3) => fc.array(item, { maxLength });

const group = fc.constantFrom('', 'gateway.networking.k8s.io', 'other');
const kind = fc.constantFrom(
  'Gateway',
  'ListenerSet',
  'GRPCRoute',
  'HTTPRoute',
  'Service',
  'Secret',
  'Other',
);
const reference = record({ group, kind, name, namespace: name, port, sectionName: name });
const near = (of: string) =>
  fc.record(
    { kind: fc.constant(of), name, port: fc.constantFrom(80, 8080) },
    { requiredKeys: ['name', 'port'] },
  );
const namespaces = record({
  from: fc.constantFrom('All', 'Same', 'None', 'Selector'),
  selector: record({ matchLabels: fc.constant({ x: 'y' }) }),
});
const listener = record({
  name: fc.constantFrom('one', 'two'),
  port,
  hostname,
  protocol: fc.constantFrom('HTTP', 'HTTPS', 'TCP', 'INVALID'),
  tls: record({ mode: fc.constantFrom('Terminate', 'Passthrough'), certificateRefs: list(reference) }),
  allowedRoutes: record({ namespaces, kinds: list(record({ group, kind })) }),
});
const headers = list(
  record({
    type: fc.constantFrom('Exact', 'RegularExpression'),
    name: fc.constantFrom('x', 'X', 'x-bin', '', ':path'),
    value: fc.constantFrom('v', '(', '.*'),
  }),
);
const changes = record({
  set: list(record({ name: fc.constantFrom('x', ':path', 'grpc-status'), value: fc.string() })),
  remove: list(fc.string()),
});
const pathChange = record({
  type: fc.constantFrom('ReplaceFullPath', 'ReplacePrefixMatch'),
  replaceFullPath: fc.string(),
});
const filter = record({
  type: fc.constantFrom(
    'RequestHeaderModifier',
    'ResponseHeaderModifier',
    'RequestMirror',
    'URLRewrite',
    'RequestRedirect',
    'ExtensionRef',
  ),
  requestHeaderModifier: changes,
  responseHeaderModifier: changes,
  requestMirror: record({ backendRef: reference, percent: fc.integer() }),
  urlRewrite: record({ hostname, path: pathChange }),
  requestRedirect: record({
    scheme: fc.constantFrom('http', 'https'),
    hostname,
    path: pathChange,
    port,
    statusCode: fc.constantFrom(301, 302, 308),
  }),
});
const match = record({
  method: fc.oneof(
    record({
      type: fc.constantFrom('Exact', 'RegularExpression'),
      service: fc.constantFrom('s', '(', 'a/b'),
      method: fc.string(),
    }),
    fc.constant('GET'),
  ),
  path: record({
    type: fc.constantFrom('Exact', 'PathPrefix', 'RegularExpression'),
    value: fc.constantFrom('/', '/a', 'a', '[', '/a//'),
  }),
  headers,
  queryParams: headers,
});
const backend = mostly(
  fc.oneof(
    near('Service'),
    record({ group, kind, name, namespace: name, port, weight: fc.integer(), filters: list(filter, 1) }),
  ),
);
const rule = record({
  name,
  matches: list(match),
  filters: list(filter),
  backendRefs: list(backend),
  sessionPersistence: record({
    sessionName: fc.constantFrom('s', 'Set-Cookie', 'a b', ''),
    type: fc.constantFrom('Cookie', 'Header', 'x'),
    absoluteTimeout: fc.constantFrom('1h', '0s', '10ms', '1d', '99999h99999h'),
    cookieConfig: record({ lifetimeType: fc.constantFrom('Permanent', 'Session', 'x') }),
  }),
});
const specs: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  GatewayClass: record({ controllerName: fc.constant(controllerName) }),
  Gateway: record({
    gatewayClassName: name,
    listeners: list(listener),
    allowedListeners: record({ namespaces }),
    addresses: list(record({ type: fc.constantFrom('IPAddress', 'x/y'), value: fc.string() }), 1),
  }),
  ListenerSet: record({ parentRef: near('Gateway'), listeners: list(listener) }),
  GRPCRoute: record({
    parentRefs: list(fc.oneof(near('Gateway'), near('Service'), reference)),
    hostnames: list(hostname),
    rules: list(rule),
  }),
  HTTPRoute: record({
    parentRefs: list(fc.oneof(near('Gateway'), reference)),
    hostnames: list(hostname),
    rules: list(rule),
  }),
  ReferenceGrant: record({
    from: list(record({ group, kind, namespace: name })),
    to: list(record({ group, kind, name })),
  }),
  Service: record({
    ports: list(record({ name, port: fc.constantFrom(80, 8080), protocol: fc.constantFrom('TCP', 'UDP') })),
  }),
  BackendTLSPolicy: record({
    targetRefs: list(
      fc.oneof(fc.record({ group: fc.constant(''), kind: fc.constant('Service'), name }), reference),
    ),
    validation: record({
      caCertificateRefs: list(reference),
      hostname,
      wellKnownCACertificates: fc.constant('System'),
    }),
  }),
  ConfigMap: garbage,
  Secret: garbage,
  Namespace: garbage,
};
const object = fc.constantFrom(...Object.keys(specs)).chain((of) =>
  fc.record({
    kind: fc.constant(of),
    metadata: fc.record({ name, namespace: name }),
    spec: specs[of]!,
    status: garbage,
  }),
);

it('takes whatever objects there are, and says of each that is ours what became of it', () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 25 }), (objects) => {
      const cluster = new TestCluster();
      cluster.put({ kind: 'GatewayClass', metadata: { name: 'a' }, spec: { controllerName } });
      for (const one of objects) cluster.put(one);
      cluster.run();
      const first = cluster.translate();
      const { gateways, grpcRoutes, httpRoutes, gatewayClasses } = cluster.state;
      const told = new Set(
        first.statuses.map(({ kind: of, object: meta }) => `${of} ${meta.namespace}/${meta.name}`),
      );
      const ours = [...gateways].filter(
        ([, { className }]) =>
          className === 'a' && gatewayClasses.get('/a')!.controllerName === controllerName,
      );
      for (const [key] of ours) expect(told).toContain(`Gateway ${key}`);
      for (const routes of [grpcRoutes, httpRoutes])
        for (const [key, route] of routes) {
          const named = route.parentRefs.some(
            ({ group: of, kind: what, namespace = route.meta.namespace, name: which }) =>
              of === 'gateway.networking.k8s.io' &&
              what === 'Gateway' &&
              ours.some(([gateway]) => gateway === `${namespace}/${which}`),
          );
          if (named) expect(told).toContain(`${route.kind} ${key}`);
        }
      // Fields that are undefined would be a difference to what the API has.
      for (const { status } of first.statuses)
        expect(JSON.parse(JSON.stringify(status))).toStrictEqual(status);
      // Every route leads to services that are there, with some share.
      for (const { virtualHosts } of first.listeners)
        for (const { to, redirect } of virtualHosts!.flatMap(({ routes }) => routes)) {
          expect(to.some(({ weight }) => weight > 0)).toBe(redirect === undefined);
          for (const { service } of to)
            if (service !== undefined) expect(first.services.has(service)).toBe(true);
        }
    }),
    { numRuns: 300 },
  );
});

const key = fc.tuple(name, name).map(([namespace, one]) => `${namespace}/${one}`);
const plurals = Object.keys(new TestCluster().state) as (keyof ClusterState)[];
const removal = fc.record({ plural: fc.constantFrom(...plurals), key });

it('gives after any changes what it would give without a memory', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 4, arbitrary: object }, removal), { maxLength: 30 }),
      (changes) => {
        const cluster = new TestCluster();
        cluster.put({ kind: 'GatewayClass', metadata: { name: 'a' }, spec: { controllerName } });
        for (const one of changes) {
          if ('plural' in one) cluster.remove(one.plural, one.key);
          else cluster.put(one);
          cluster.run();
          const anew = new TestCluster().translator.translate(cluster.state, cluster.facts);
          expect(cluster.translate()).toEqual(anew);
        }
      },
    ),
    { numRuns: 50 },
  );
});
