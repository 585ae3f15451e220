import { endpointSet } from '@evenly/endpoints';
import { bidi, GrpcServer } from '@evenly/grpc-server';
import { readMeshConfig } from '@evenly/mesh-config';
import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import { HttpConnectionManager } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { AggregatedDiscoveryServiceService as ads } from '@evenly/proto/envoy/service/discovery/v3/ads';
import {
  clusterName,
  endpointAssignment,
  resource,
  ResourceCache,
  routingResources,
  SotwStream,
  type NodeResource,
  type Resource,
  type ResourceType,
} from '@evenly/xds';

/** What clients of any language reject, and how a good resource gets another version. */
const codecs = {
  cluster: {
    spoil: (bytes: Uint8Array) => edit(Cluster, bytes, { edsClusterConfig: undefined }),
    renew: (bytes: Uint8Array) => edit(Cluster, bytes, { altStatName: 'renewed' }),
  },
  endpoints: {
    spoil: (bytes: Uint8Array) => {
      const { endpoints } = ClusterLoadAssignment.decode(bytes);
      const twice = endpoints.map((locality) => ({
        ...locality,
        lbEndpoints: [...locality.lbEndpoints, ...locality.lbEndpoints],
      }));
      return edit(ClusterLoadAssignment, bytes, { endpoints: twice });
    },
    renew: (bytes: Uint8Array) => {
      const { endpoints } = ClusterLoadAssignment.decode(bytes);
      const others = endpoints.map((locality) => ({ ...locality, loadBalancingWeight: 77 }));
      return edit(ClusterLoadAssignment, bytes, { endpoints: others });
    },
  },
  listener: {
    spoil: (bytes: Uint8Array) => editManager(bytes, { routeSpecifier: undefined }),
    renew: (bytes: Uint8Array) => editManager(bytes, { statPrefix: 'renewed' }),
  },
  route: {
    spoil: (bytes: Uint8Array) => {
      const { virtualHosts } = RouteConfiguration.decode(bytes);
      return edit(RouteConfiguration, bytes, {
        virtualHosts: virtualHosts.map((host) => ({
          ...host,
          routes: host.routes.map((route) => ({
            ...route,
            match: { ...route.match!, pathSpecifier: undefined },
          })),
        })),
      });
    },
    renew: (bytes: Uint8Array) => {
      const { virtualHosts } = RouteConfiguration.decode(bytes);
      const others = virtualHosts.map((host) => ({ ...host, name: 'renewed' }));
      return edit(RouteConfiguration, bytes, { virtualHosts: others });
    },
  },
} as const satisfies Record<ResourceType, Record<Change, (bytes: Uint8Array) => Uint8Array>>;

type Change = 'spoil' | 'renew';

function edit<T extends object>(
  codec: { decode(bytes: Uint8Array): T; encode(message: T): { finish(): Uint8Array } },
  bytes: Uint8Array,
  change: Partial<T>,
): Uint8Array {
  return codec.encode({ ...codec.decode(bytes), ...change }).finish();
}

function editManager(bytes: Uint8Array, change: Partial<HttpConnectionManager>): Uint8Array {
  const api = Listener.decode(bytes).apiListener!.apiListener!;
  return edit(Listener, bytes, {
    apiListener: {
      apiListener: { ...api, value: Buffer.from(edit(HttpConnectionManager, api.value, change)) },
    },
  });
}

const services = ['good', 'bad'] as const;
const toBad = { name: 'x-to', exact: 'bad' };

/** Two services, `good` and `bad`, from our xDS streams; of the second, a resource of one type is what clients reject. */
export class SpoiledMesh {
  readonly #cache = new ResourceCache();
  readonly #streams = new Set<SotwStream>();
  readonly #resources: readonly (Resource | NodeResource)[];
  readonly #type: ResourceType;
  readonly #server: GrpcServer;
  /** What the client said of what it rejects. */
  readonly errors: string[] = [];

  private constructor(ports: readonly number[], type: ResourceType) {
    this.#type = type;
    const endpoints = ports.map((port) => `127.0.0.1:${port}`);
    const config = readMeshConfig(
      JSON.stringify({
        services: Object.fromEntries(services.map((name) => [name, { source: { static: { endpoints } } }])),
        // A gRPC client has a stream for each target (gRFC A71): for two clusters on one, a target must lead to both.
        routes: [
          { match: { authority: 'good', headers: [toBad] }, to: [{ service: 'bad' }] },
          { match: { authority: 'good' }, to: [{ service: 'good' }] },
        ],
      }),
      'mesh.json',
    );
    const pods = endpointSet(ports.map((port) => ({ address: '127.0.0.1', port, state: 'ready' })));
    this.#resources = [
      ...routingResources(config),
      ...[...config.services.values()].map(({ name, locality, policy }) =>
        endpointAssignment({ name: clusterName(name), locality, policy }, pods),
      ),
    ];
    this.#cache.replace('all', this.#resources);
    this.#server = new GrpcServer({
      methods: new Map([[ads.streamAggregatedResources.path, this.#method()]]),
    });
  }

  static async start(ports: readonly number[], type: ResourceType): Promise<SpoiledMesh & { port: number }> {
    const mesh = new SpoiledMesh(ports, type);
    return Object.assign(mesh, { port: await mesh.#server.listen('127.0.0.1', 0) });
  }

  /** The bad service's resource becomes one that clients reject, and at the same time the good one gets another version. */
  spoil(): void {
    this.#serve({ good: 'renew', bad: 'spoil' });
  }

  /** The bad one becomes good, too. */
  mend(): void {
    this.#serve({ good: 'renew', bad: 'renew' });
  }

  /** Which services' resources of the type a stream of the client has in the newest version, and which one has rejected. */
  get known(): { newest: string[]; rejected: string[] } {
    const streams = [...this.#streams];
    const isRejected = (name: string) =>
      streams.some(({ types }) => types.get(this.#type)?.nacked?.has(this.#nameOf(name)) === true);
    return {
      newest: services.filter((name) => streams.some((stream) => this.#hasNewest(name, stream))),
      rejected: services.filter(isRejected),
    };
  }

  close(): Promise<void> {
    clearInterval(this.#ticker);
    return this.#server.close(AbortSignal.abort(), 0, 'the test is over');
  }

  readonly #ticker = setInterval(() => this.#streams.forEach((stream) => stream.tick()), 1000);

  #method() {
    return bidi(ads.streamAggregatedResources, (call) => {
      const stream = new SotwStream({
        cache: this.#cache,
        send: ({ prefixed }) => call.sendPrefixed(prefixed),
        now: () => performance.now(),
      });
      this.#streams.add(stream);
      const stop = this.#cache.onChange(() => stream.onCacheChange());
      return {
        onRequest: (request) => {
          if (request.errorDetail !== undefined) this.errors.push(request.errorDetail.message);
          stream.onRequest(request);
        },
        onClose: () => {
          stop();
          this.#streams.delete(stream);
        },
      };
    });
  }

  #serve(changes: Record<(typeof services)[number], Change>): void {
    const changeOf = new Map(services.map((name) => [this.#nameOf(name), changes[name]]));
    this.#cache.replace(
      'all',
      this.#resources.map((item) => {
        const change = item.type === this.#type ? changeOf.get(item.name) : undefined;
        return change === undefined ? item : changed(item, change);
      }),
    );
  }

  #hasNewest(service: string, { node, types }: SotwStream): boolean {
    const name = this.#nameOf(service);
    const now = this.#cache.get(this.#type, name, node);
    return now !== undefined && types.get(this.#type)?.acked.get(name)?.version === now.version;
  }

  #nameOf(service: string): string {
    if (this.#type === 'listener') return service;
    return this.#type === 'route' ? `${service}-route` : clusterName(service);
  }
}

function changed(item: Resource | NodeResource, change: Change): NodeResource {
  const of = (one: Resource) => resource(one.type, one.name, codecs[one.type][change](one.encoded), one.refs);
  const done = new Map<string, Resource>();
  const forNode: NodeResource['forNode'] = (node) => {
    const one = 'forNode' in item ? item.forNode(node) : item;
    if (one === undefined) return undefined;
    if (!done.has(one.version)) done.set(one.version, of(one));
    return done.get(one.version);
  };
  return { type: item.type, name: item.name, version: `${item.version} ${change}`, forNode };
}
