import type { Servers } from '@evenly/mesh-config';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import type { Filter } from '@evenly/proto/envoy/config/listener/v3/listener_components';
import {
  HttpConnectionManager,
  type HttpFilter,
} from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { RBAC } from '@evenly/proto/envoy/extensions/filters/http/rbac/v3/rbac';
import {
  DownstreamTlsContext,
  UpstreamTlsContext,
} from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import { describe, expect, it } from 'vitest';
import { anonymousNode, nodeKinds, type NodeKind } from '../node.ts';
import { ResourceCache } from '../resource-cache.ts';
import { codecs } from '../resource-type.ts';
import { Subscribers } from '../stream/subscribers.ts';
import { mesh, meshService } from '../testing/mesh.ts';
import { routingResources } from './routing.ts';

const asked = (address: string) => `grpc/server?xds.resource.listening_address=${address}`;
const anywhere = asked('0.0.0.0:50051');
const id = 'spiffe://example.org/ns/shop/sa/a';

/** What a server of the service `a` gets for a name, and a client that calls it for its cluster. */
function serve(servers?: Servers, cluster = 'a', kind: NodeKind = 'grpc-go') {
  const cache = new ResourceCache();
  const service = { ...meshService('a', {}, ['v2']), ...(servers && { servers }) };
  cache.replace('routing', routingResources(mesh([service, meshService('b')])));
  const node = { ...anonymousNode, kind, cluster };
  const listener = (name = anywhere) => {
    const found = cache.get('listener', name, node);
    return found && Listener.decode(found.encoded);
  };
  const clusterOf = (name: string) =>
    codecs.cluster.decode(cache.get('cluster', name, { ...anonymousNode, kind })!.encoded);
  return { cache, node, listener, clusterOf };
}

const managerOf = (listener: Listener) =>
  HttpConnectionManager.decode(bytesOf(listener.defaultFilterChain!.filters[0]!));
const bytesOf = ({ configType }: Filter | HttpFilter) =>
  configType?.$case === 'typedConfig' ? configType.value.value : new Uint8Array(0);
const filtersOf = (servers?: Servers) => managerOf(serve(servers).listener()!).httpFilters;
const rulesOf = (allow: Servers['allow']) => {
  const [filter] = filtersOf({ security: 'mtls', identities: [id], ...(allow && { allow }) });
  return RBAC.decode(bytesOf(filter!)).rules;
};

describe('the listener of a gRPC server', () => {
  it('has the name that was asked for and the address in it, and hands every call to the application', () => {
    const listener = serve().listener()!;
    expect(listener).toMatchObject({
      name: anywhere,
      address: { address: { value: { address: '0.0.0.0', portSpecifier: { value: 50051 } } } },
      filterChains: [],
    });
    expect(listener.defaultFilterChain?.transportSocket).toBeUndefined();
    const manager = managerOf(listener);
    expect(manager.routeSpecifier).toMatchObject({
      $case: 'routeConfig',
      value: {
        virtualHosts: [
          {
            domains: ['*'],
            routes: [
              {
                match: { pathSpecifier: { $case: 'prefix', value: '/' } },
                action: { $case: 'nonForwardingAction' },
              },
            ],
          },
        ],
      },
    });
    expect(manager.httpFilters.map(({ name }) => name)).toEqual(['envoy.filters.http.router']);
  });

  it.each([
    ['[::]:50051', '::', 50051],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    ['10.0.0.7:65535', '10.0.0.7', 65535],
    ['localhost:50051', 'localhost', 50051],
    ['[FD00:0::1]:80', 'FD00:0::1', 80],
  ])('that listens at %s', (text, address, port) => {
    const listener = serve().listener(asked(text));
    expect(listener?.address).toMatchObject({
      address: { value: { address, portSpecifier: { value: port } } },
    });
  });

  it.each(['', ':50051', '0.0.0.0', '::1:80', '[]:80', '0.0.0.0:65536', '0.0.0.0:x', 'unix:/tmp/socket:1'])(
    'that listens at "%s", which is no address: none',
    (text) => expect(serve().listener(asked(text))).toBeUndefined(),
  );

  it('is that of the service that the cluster of its node names, or there is none', () => {
    const security = { security: 'mtls', identities: [id] } as const;
    expect(serve(security, 'a').listener()?.defaultFilterChain?.transportSocket).toBeDefined();
    expect(serve(security, 'b').listener()?.defaultFilterChain?.transportSocket).toBeUndefined();
    expect(serve(security, 'c').listener()).toBeUndefined();
    expect(serve(security, '').listener()).toBeUndefined();
  });

  it('is for gRPC servers only, by that name only, and not among all listeners', () => {
    for (const kind of nodeKinds) {
      const { cache, node, listener } = serve(undefined, 'a', kind);
      expect([kind, listener() !== undefined]).toEqual([kind, kind.startsWith('grpc')]);
      const names = cache.all('listener', node).map(({ name }) => name);
      expect(names.filter((name) => name.startsWith('grpc/'))).toEqual([]);
    }
    expect(serve().listener('grpc/server?a')).toBeUndefined();
  });

  it('whoever subscribes to it hears of changes of any', () => {
    const subscribers = new Subscribers<object>();
    const server = {};
    const change = { added: [anywhere, 'shop'], dropped: [], wildcardAdded: false };
    subscribers.update(server, 'listener', change, { wildcard: false });
    const told = (name: string) => subscribers.of(new Map([['listener', new Set([name])]])).has(server);
    expect([told('grpc/server/a'), told('shop'), told('elsewhere')]).toEqual([true, true, false]);
    subscribers.update(
      server,
      'listener',
      { ...change, added: [], dropped: [anywhere] },
      { wildcard: false },
    );
    expect([told('grpc/server/a'), told('shop')]).toEqual([false, true]);
  });

  it('one that is taken out and comes back is another one for grpc-js', () => {
    const { cache, listener } = serve(undefined, 'a', 'grpc-js');
    const first = listener();
    cache.replace('routing', []);
    expect(listener()).toBeUndefined();
    cache.replace('routing', routingResources(mesh([meshService('a')])));
    expect(listener()).not.toEqual(first);
  });
});

describe('certificates', () => {
  const server = (servers: Servers) => {
    const socket = serve(servers).listener()!.defaultFilterChain!.transportSocket;
    return socket && DownstreamTlsContext.decode(socket.configType!.value.value);
  };
  const client = (servers: Servers, kind?: NodeKind) => {
    const socket = serve(servers, 'a', kind).clusterOf('a/v2-cluster').transportSocket;
    return socket && UpstreamTlsContext.decode(socket.configType!.value.value);
  };
  const instance = { instanceName: 'default' };
  const identities = [id, 'spiffe://example.org/ns/*'];

  it('mtls: both sides show one, and the client looks for the name in it', () => {
    expect(server({ security: 'mtls', identities })).toMatchObject({
      requireClientCertificate: true,
      commonTlsContext: {
        tlsCertificateProviderInstance: instance,
        validationContextType: {
          $case: 'validationContext',
          value: { caCertificateProviderInstance: instance, matchSubjectAltNames: [] },
        },
      },
    });
    expect(client({ security: 'mtls', identities })).toMatchObject({
      commonTlsContext: {
        tlsCertificateProviderInstance: instance,
        validationContextType: {
          value: {
            caCertificateProviderInstance: instance,
            matchSubjectAltNames: [
              { matchPattern: { $case: 'exact', value: id } },
              { matchPattern: { $case: 'prefix', value: 'spiffe://example.org/ns/' } },
            ],
          },
        },
      },
    });
  });

  it('tls: only the server shows one', () => {
    const of = server({ security: 'tls', identities });
    expect(of?.requireClientCertificate).toBe(false);
    expect(of?.commonTlsContext?.validationContextType).toBeUndefined();
    expect(client({ security: 'tls', identities })?.commonTlsContext).toMatchObject({
      tlsCertificateProviderInstance: undefined,
      validationContextType: { value: { caCertificateProviderInstance: instance } },
    });
  });

  it('none, and no servers: nothing is said of them', () => {
    expect(server({ security: 'none', identities: [] })).toBeUndefined();
    expect(client({ security: 'none', identities: [] })).toBeUndefined();
    expect(serve().clusterOf('a-cluster').transportSocket).toBeUndefined();
  });

  it('any identity: no name is looked for', () => {
    const of = client({ security: 'mtls', identities: [id, '*'] });
    expect(of?.commonTlsContext?.validationContextType?.value).toMatchObject({ matchSubjectAltNames: [] });
  });

  it('Envoys and our proxy are not told', () => {
    for (const kind of nodeKinds)
      expect([kind, client({ security: 'mtls', identities }, kind) !== undefined]).toEqual([
        kind,
        kind.startsWith('grpc'),
      ]);
  });
});

describe('who may call', () => {
  const any = { value: true };
  it('is a filter in front of the router, which a server may not pass over', () => {
    const filters = filtersOf({ security: 'none', identities: [], allow: [] });
    expect(filters).toMatchObject([
      { name: 'envoy.filters.http.rbac', isOptional: false },
      { name: 'envoy.filters.http.router' },
    ]);
  });

  it('nobody, where the list is empty: that is not the same as no list', () => {
    expect(rulesOf([])).toMatchObject({ action: 0, policies: {} });
    expect(filtersOf()).toHaveLength(1);
  });

  it('each entry is a policy, and absent parts hold for all', () => {
    const name = (value: string) => ({ principalName: { matchPattern: { $case: 'exact', value } } });
    expect(rulesOf([{ clients: [id, 'b'], methods: ['/a.B/C', '/a.*'] }, {}])?.policies).toMatchObject({
      0: {
        principals: [
          { identifier: { $case: 'authenticated', value: name(id) } },
          { identifier: { $case: 'authenticated', value: name('b') } },
        ],
        permissions: [
          {
            rule: {
              $case: 'urlPath',
              value: { rule: { value: { matchPattern: { $case: 'exact', value: '/a.B/C' } } } },
            },
          },
          {
            rule: {
              $case: 'urlPath',
              value: { rule: { value: { matchPattern: { $case: 'prefix', value: '/a.' } } } },
            },
          },
        ],
      },
      1: {
        principals: [{ identifier: { $case: 'any', ...any } }],
        permissions: [{ rule: { $case: 'any', ...any } }],
      },
    });
  });

  it('everybody for *, in words that grpc-java reads: whoever has no certificate is refused before', () => {
    expect(rulesOf([{ clients: ['*'] }])?.policies[0]?.principals).toMatchObject([
      { identifier: { $case: 'any', ...any } },
    ]);
  });
});
