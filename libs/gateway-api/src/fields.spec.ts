import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { controllerName, TestCluster } from './testing/cluster.ts';

/**
 * No field of the API is passed over in silence: another value of it makes another config, another object of a Gateway or
 * another condition. The list is of the definitions of v1.6.3, experimental channel, fields of `spec`; `=` says which values
 * there are, `{}` that it is a map.
 */
const fields = readFileSync(new URL('testing/fields-v1.6.3.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [path = '', values] = line.split(' = ');
    return { path: path.replace('{}', ''), values: values?.split('|') };
  });

/** What is not done: refused as a whole, wherever it stands. By path, what somebody may write. */
const refused: Readonly<Record<string, unknown>> = {
  'GatewayClass.parametersRef': { group: '', kind: 'ConfigMap', name: 'x', namespace: 'y' },
  'Gateway.infrastructure.parametersRef': { group: '', kind: 'ConfigMap', name: 'x' },
  'Gateway.defaultScope': 'All',
  'Gateway.tls.frontend': { default: { validation: { caCertificateRefs: [] } } },
  'Gateway.tls.backend': { clientCertificateRef: { name: 'x' } },
  'Gateway.listeners[].tls.options': { 'example.org/x': 'y' },
  'ListenerSet.listeners[].tls.options': { 'example.org/x': 'y' },
  'BackendTLSPolicy.options': { 'example.org/x': 'y' },
  'BackendTLSPolicy.validation.subjectAltNames': [{ type: 'Hostname', hostname: 'a.example' }],
  'HTTPRoute.rules[].retry': { attempts: 2 },
  ...filtersOf('GRPCRoute.rules[].filters', ['ExtensionRef']),
  ...filtersOf('GRPCRoute.rules[].backendRefs[].filters', ['ExtensionRef', 'RequestMirror']),
  ...filtersOf('HTTPRoute.rules[].filters', ['ExtensionRef', 'CORS', 'ExternalAuth']),
  ...filtersOf('HTTPRoute.rules[].backendRefs[].filters', [
    ...['ExtensionRef', 'CORS', 'ExternalAuth', 'RequestMirror', 'RequestRedirect', 'URLRewrite'],
  ]),
};

/** Says nothing that anybody could obey. */
const forPeople = ['GatewayClass.description'];
/** A Gateway with a `defaultScope` is refused, so there is none whose routes these could be. */
const withoutDefaultGateways = ['GRPCRoute.useDefaultGateways', 'HTTPRoute.useDefaultGateways'];

function filtersOf(path: string, types: readonly string[]): Record<string, unknown> {
  const field = (type: string) =>
    ({ CORS: 'cors', URLRewrite: 'urlRewrite' })[type] ?? `${type[0]!.toLowerCase()}${type.slice(1)}`;
  return Object.fromEntries(
    types.map((type) => [
      `${path}[].${field(type)}`,
      { '..type': type, backendRef: { name: 'a', port: 80 } },
    ]),
  );
}

const headerChanges = `{ set: [{ name: a, value: b }], add: [{ name: c, value: d }], remove: [e] }`;
const bothHeaders = `
      - { type: RequestHeaderModifier, requestHeaderModifier: ${headerChanges} }
      - { type: ResponseHeaderModifier, responseHeaderModifier: ${headerChanges} }`;
const backend = '{ group: "", kind: Service, name: a, namespace: other, port: 80, weight: 2 }';
const commonRule = `
    sessionPersistence: { sessionName: s, type: Cookie, absoluteTimeout: 10s, cookieConfig: { lifetimeType: Session } }
    filters:${bothHeaders}
      - { type: RequestMirror, requestMirror: { backendRef: { group: "", kind: Service, name: a, namespace: other, port: 80 }, percent: 10 } }
      - { type: RequestMirror, requestMirror: { backendRef: { group: "", kind: Service, name: a, namespace: other, port: 80 }, fraction: { numerator: 1, denominator: 10 } } }
    backendRefs:
    - group: ""
      kind: Service
      name: a
      namespace: other
      port: 80
      weight: 2
      filters:${bothHeaders.replaceAll('\n', '\n  ')}
    - { name: a, namespace: other, port: 81, weight: 3 }`;
const parent =
  '{ group: gateway.networking.k8s.io, kind: Gateway, name: g, namespace: default, sectionName: http, port: 80 }';
const selector = `{ matchLabels: { team: x }, matchExpressions: [{ key: env, operator: In, values: [prod] }] }`;
const listeners = (port: number) => `
  - name: http
    hostname: "*.example"
    port: ${port}
    protocol: HTTP
    allowedRoutes:
      namespaces: { from: Selector, selector: ${selector} }
      kinds: [{ group: gateway.networking.k8s.io, kind: GRPCRoute }, { group: gateway.networking.k8s.io, kind: HTTPRoute }]
  - name: https
    port: ${port + 1000}
    protocol: HTTPS
    tls: { mode: Terminate, certificateRefs: [{ group: "", kind: Secret, name: s, namespace: other }] }
`;

const objects = parseAllDocuments(`
kind: GatewayClass
metadata: { name: evenly }
spec: { controllerName: ${controllerName}, description: x }
---
kind: Gateway
metadata: { name: g }
spec:
  gatewayClassName: evenly
  addresses: [{ type: IPAddress, value: 192.0.2.1 }]
  allowedListeners: { namespaces: { from: Selector, selector: ${selector} } }
  infrastructure: { labels: { a: b }, annotations: { c: d } }
  listeners: ${listeners(80)}
---
kind: ListenerSet
metadata: { name: l, namespace: other }
spec:
  parentRef: { group: gateway.networking.k8s.io, kind: Gateway, name: g, namespace: default }
  listeners: ${listeners(8080)}
---
kind: Namespace
metadata: { name: other, labels: { team: x, env: prod } }
---
kind: Namespace
metadata: { name: default }
---
kind: Service
metadata: { name: a, namespace: other }
spec: { ports: [{ name: one, port: 80, appProtocol: kubernetes.io/h2c }, { name: two, port: 81, appProtocol: kubernetes.io/h2c }] }
---
kind: ReferenceGrant
metadata: { name: r, namespace: other }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default }]
  to: [{ group: "", kind: Service, name: a }]
---
kind: BackendTLSPolicy
metadata: { name: p, namespace: other }
spec:
  targetRefs: [{ group: "", kind: Service, name: a, sectionName: two }]
  validation: { hostname: a.example, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] }
---
kind: BackendTLSPolicy
metadata: { name: q, namespace: other }
spec:
  targetRefs: [{ group: "", kind: Service, name: a, sectionName: one }]
  validation: { hostname: a.example, wellKnownCACertificates: System }
---
kind: GRPCRoute
metadata: { name: grpc, namespace: other }
spec:
  parentRefs: [${parent}, { kind: ListenerSet, name: l, sectionName: http }]
  hostnames: [grpc.example]
  rules:
  - name: one
    matches:
    - method: { type: Exact, service: s, method: m }
      headers: [{ type: Exact, name: h, value: v }]${commonRule}
---
kind: HTTPRoute
metadata: { name: http, namespace: other }
spec:
  parentRefs: [${parent}, { kind: ListenerSet, name: l, sectionName: http }]
  hostnames: [http.example]
  rules:
  - name: one
    timeouts: { request: 10s }
    matches:
    - path: { type: PathPrefix, value: /a }
      method: POST
      headers: [{ type: Exact, name: h, value: v }]
      queryParams: [{ type: Exact, name: q, value: v }]${commonRule}
  - timeouts: { backendRequest: 5s }
    filters: [{ type: URLRewrite, urlRewrite: { hostname: x.example, path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } } }]
    backendRefs: [${backend}]
  - filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: /b } } }]
    backendRefs: [${backend}]
  - filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, hostname: x.example, port: 81, statusCode: 301, path: { type: ReplaceFullPath, replaceFullPath: /b } } }]
  - filters: [{ type: RequestRedirect, requestRedirect: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /b } } }]
---
kind: HTTPRoute
metadata: { name: far }
spec:
  parentRefs: [{ kind: ListenerSet, name: l, namespace: other }]
  rules: [{ backendRefs: [${backend}] }]
`).map((document) => document.toJS() as TestObject);

type TestObject = { kind: string; metadata: { name: string }; spec: Json };
type Json = { [field: string]: unknown };

/** All that comes of the objects. */
function outcome(list: readonly TestObject[]) {
  const cluster = new TestCluster();
  for (const one of list) cluster.put(one);
  const { services, ...rest } = cluster.run().translate();
  return { services: [...services], ...rest };
}
/** Messages of all conditions. */
const refusals = (of: object) =>
  [...JSON.stringify(of).matchAll(/"message":"((?:[^"\\\\]|\\\\.)*)"/g)].map(([, text]) => text).join('\n');

const before = JSON.stringify(outcome(objects));

/** Every object list that has another value at the path, one for each place where it stands. */
function* others(path: string, change: (given: unknown, holder: Json) => unknown): Iterable<TestObject[]> {
  const [kind = '', ...steps] = path.split('.');
  for (const [index, object] of objects.entries()) {
    if (object.kind !== kind) continue;
    for (let nth = 0; ; nth++) {
      const copy = structuredClone(object);
      if (!changeNth(copy.spec, steps, change, { nth })) break;
      yield objects.with(index, copy);
    }
  }
}

/** @returns whether there was an nth place */
function changeNth(
  holder: Json,
  steps: readonly string[],
  change: (given: unknown, holder: Json) => unknown,
  count: { nth: number },
): boolean {
  const [step = '', ...rest] = steps;
  const [name = '', ...lists] = step.split('[]');
  if (rest.length === 0) {
    const list = holder[name];
    if (lists.length === 0) {
      if (count.nth-- > 0) return false;
      const next = change(list, holder);
      if (next === undefined) return false;
      holder[name] = next;
      return true;
    }
    if (!Array.isArray(list) || count.nth-- > 0) return false;
    list[0] = change(list[0], holder);
    return true;
  }
  const inner = lists.length > 0 ? ((holder[name] ?? []) as Json[]) : [(holder[name] ??= {}) as Json];
  return inner.some((one) => changeNth(one, rest, change, count));
}

/** Other values than the one that stands there; none: none stands there. */
function alternatives(given: unknown, values: readonly string[] | undefined): unknown[] {
  if (given === undefined) return [];
  if (values !== undefined) return values.filter((one) => one !== given);
  if (typeof given === 'number') return [given + 1];
  if (typeof given === 'string') return [/^\d+s$/.test(given) ? `1${given}` : `${given}x`];
  return [{ ...given, more: 'x' }];
}

const isUnder = (path: string, prefixes: readonly string[]) =>
  prefixes.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));

describe('a field of the API', () => {
  const silent = [...forPeople, ...withoutDefaultGateways];
  const done = fields.filter(({ path }) => !isUnder(path, [...silent, ...Object.keys(refused)]));

  it.each(done.map(({ path, values }) => [path, values] as const))(
    '%s makes a difference',
    (path, values) => {
      const count = Math.max(1, (values?.length ?? 2) - 1);
      const changed = Array.from({ length: count }, (_, index) =>
        [...others(path, (given) => alternatives(given, values)[index])].map((list) =>
          JSON.stringify(outcome(list)),
        ),
      ).flat();
      expect(changed.length, 'stands nowhere in the objects of this test').toBeGreaterThan(0);
      expect(changed.some((text) => text !== before)).toBe(true);
    },
  );

  it.each(Object.entries(refused))('%s is refused, and a condition says so', (path, sample) => {
    expect(fields.some((one) => isUnder(one.path, [path]))).toBe(true);
    const { '..type': type, ...value } = (typeof sample === 'object' ? sample : {}) as Json;
    const set = (_: unknown, holder: Json) => {
      if (type !== undefined) for (const field of Object.keys(holder)) delete holder[field];
      if (type !== undefined) holder['type'] = type;
      return Array.isArray(sample) || typeof sample !== 'object' ? sample : value;
    };
    const messages = [...others(path, set)].map((list) => refusals(outcome(list)));
    expect(messages.length).toBeGreaterThan(0);
    const asked = typeof type === 'string' ? type : path.split('.').at(-1)!.replace('Ref', '');
    expect(messages.filter((text) => text.toLowerCase().includes(asked.toLowerCase()))).not.toEqual([]);
  });
});
