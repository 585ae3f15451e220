import { isDeepStrictEqual } from 'node:util';
import type {
  ApiObject,
  KindName,
  ObjectRef,
  ResourceKind,
  ResourceListener,
  Scope,
} from '@evenly/kubernetes';
import type { KubernetesApi } from '@evenly/kubernetes';
import { ApiRefusal, objectKey } from '@evenly/kubernetes';
import type { MeshConfig } from '@evenly/mesh-config';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayApi } from './gateway-api.ts';
import { gatewayMetrics } from './gateway-metrics.ts';

type Watching = {
  kind: ResourceKind<unknown>;
  scope: Scope;
  listener: ResourceListener<unknown>;
  map: Map<string, unknown>;
};

/** What an API server does with objects, without one: whoever watches is told; what is written is there. */
class FakeCluster {
  readonly objects = new Map<string, ApiObject>();
  readonly writes: string[] = [];
  refuse: (write: string) => Error | undefined = () => undefined;
  #watches: Watching[] = [];
  #version = 0;

  readonly api = {
    watch: (kind: ResourceKind<unknown>, scope: Scope, listener: ResourceListener<unknown>) => {
      const watching: Watching = { kind, scope, listener, map: new Map() };
      this.#watches.push(watching);
      queueMicrotask(() => {
        for (const object of this.#of(watching)) this.#read(watching, object);
        listener.onObjects(watching.map, new Set(watching.map.keys()));
      });
      return () => void (this.#watches = this.#watches.filter((one) => one !== watching));
    },
    get: async (kind: KindName, ref: ObjectRef) => this.#existing(kind, ref),
    create: async (kind: KindName, object: ApiObject) => {
      if (this.get(kind.kind, objectKey(object.metadata))) throw new ApiRefusal(409, 'already exists');
      return this.#put(kind, object);
    },
    replace: async (kind: KindName, object: ApiObject) => {
      const { resourceVersion } = this.#existing(kind, object.metadata).metadata;
      if (resourceVersion !== object.metadata.resourceVersion) throw new ApiRefusal(409, 'modified');
      return this.#put(kind, object);
    },
    apply: async (kind: KindName, object: ApiObject) =>
      this.#written('apply', kind, object.metadata, () => this.#put(kind, object)),
    patch: async (kind: KindName, ref: ObjectRef, patch: { status: object }) =>
      this.#written('status', kind, ref, () => {
        const before = this.#existing(kind, ref);
        return this.#put(kind, { ...before, status: { ...(before.status as object), ...patch.status } });
      }),
    delete: async (kind: KindName, ref: ObjectRef) =>
      this.#written('delete', kind, ref, () => this.remove(kind.kind, objectKey(ref))),
    close: () => undefined,
  } as unknown as KubernetesApi;

  /** @param object with its `kind` */
  put(object: object): void {
    const { kind } = object as { kind: string };
    this.#put({ kind } as KindName, object as ApiObject);
  }

  remove(kind: string, key: string): void {
    const object = this.objects.get(`${kind} ${key}`);
    if (object !== undefined && this.objects.delete(`${kind} ${key}`)) this.#tell(kind, object, undefined);
  }

  get(kind: string, key: string): ApiObject | undefined {
    return this.objects.get(`${kind} ${key}`);
  }

  conditions(kind: string, key: string): string[] {
    const { conditions = [] } = (this.get(kind, key)?.status ?? {}) as {
      conditions?: Record<string, unknown>[];
    };
    return conditions.map(
      ({ type, status, reason }) => `${String(type)}=${String(status)}/${String(reason)}`,
    );
  }

  #written<T>(verb: string, kind: KindName, ref: ObjectRef, write: () => T): T {
    const what = `${verb} ${kind.kind} ${objectKey(ref)}`;
    const refusal = this.refuse(what);
    if (refusal !== undefined) throw refusal;
    this.writes.push(what);
    return write();
  }

  #existing(kind: KindName, ref: ObjectRef): ApiObject {
    const object = this.get(kind.kind, objectKey(ref));
    if (object === undefined) throw new ApiRefusal(404, 'not found');
    return object;
  }

  #put({ kind }: KindName, object: ApiObject): ApiObject {
    const key = `${kind} ${objectKey(object.metadata)}`;
    const before = this.objects.get(key);
    const counted = Number(before?.metadata.generation ?? 0);
    const generation = before && isDeepStrictEqual(before.spec, object.spec) ? counted : counted + 1;
    const metadata = { uid: key, ...object.metadata, generation, resourceVersion: `${++this.#version}` };
    const stored = { status: before?.status, ...object, kind, metadata };
    this.objects.set(key, stored);
    this.#tell(kind, stored, stored);
    return stored;
  }

  #tell(kind: string, object: ApiObject, now: ApiObject | undefined): void {
    const key = objectKey(object.metadata);
    for (const watching of this.#watches) {
      if (watching.kind.kind !== kind || !isSelected(object, watching.scope)) continue;
      if (now === undefined) watching.map.delete(key);
      else this.#read(watching, now);
      watching.listener.onObjects(watching.map, new Set([key]));
    }
  }

  #read({ kind, map }: Watching, object: ApiObject): void {
    const key = objectKey(object.metadata);
    map.set(key, kind.read(object, map.get(key)));
  }

  *#of({ kind, scope }: Watching): Iterable<ApiObject> {
    for (const object of this.objects.values())
      if (object.kind === kind.kind && isSelected(object, scope)) yield object;
  }
}

function isSelected({ metadata }: ApiObject, { labelSelector }: Scope): boolean {
  if (labelSelector === undefined) return true;
  const [name = '', value] = labelSelector.split('=');
  return (metadata.labels as Record<string, string> | undefined)?.[name] === value;
}

const controllerName = 'evenly.test/gateway';
const gateway = (fields: object = {}) => ({
  kind: 'Gateway',
  metadata: { namespace: 'shop', name: 'front', ...fields },
  spec: { gatewayClassName: 'evenly', listeners: [{ name: 'grpc', port: 80, protocol: 'HTTP' }] },
});
const route = {
  kind: 'GRPCRoute',
  metadata: { namespace: 'shop', name: 'cart' },
  spec: { parentRefs: [{ name: 'front' }], rules: [{ backendRefs: [{ name: 'cart', port: 50051 }] }] },
};

function clusterWith(...objects: object[]): FakeCluster {
  const cluster = new FakeCluster();
  cluster.put({ kind: 'GatewayClass', metadata: { name: 'evenly' }, spec: { controllerName } });
  cluster.put({
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'cart' },
    spec: { ports: [{ name: 'grpc', port: 50051 }] },
  });
  for (const object of objects) cluster.put(object);
  return cluster;
}

function start(cluster: FakeCluster) {
  const configs: MeshConfig[] = [];
  const gatewayApi = new GatewayApi({
    api: cluster.api,
    log: pino({ level: 'silent' }),
    metrics: gatewayMetrics(new Registry()),
    translator: {
      controllerName,
      mesh: true,
      proxy: { image: 'l7-proxy', args: () => [], replicas: 1, resources: {}, serviceType: 'LoadBalancer' },
    },
    lease: { namespace: 'evenly', name: 'one' },
    identity: `${configs.length}${Math.random()}`,
    onConfig: (config) => configs.push(config),
  });
  onTestFinished(() => gatewayApi.stop());
  return { gatewayApi, configs, listeners: () => configs.at(-1)?.listeners.map(({ name }) => name) };
}

/** As a cluster's own controllers would say of what was made. */
function run(cluster: FakeCluster): void {
  const [deployment, service] = ['Deployment', 'Service'].map((kind) =>
    cluster.get(kind, 'shop/front-evenly')!,
  );
  cluster.put({ ...deployment, status: { availableReplicas: 1 } });
  cluster.put({ ...service, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } });
}

describe('GatewayApi', () => {
  it('serves what the objects say, makes the proxies, and says that they run when they do', async () => {
    const cluster = clusterWith(gateway(), route);
    const { listeners, configs } = start(cluster);
    await expect.poll(listeners).toEqual(['gateway/shop/front/80']);
    expect([...configs.at(-1)!.services.keys()]).toEqual(['cart.shop:50051']);
    await expect.poll(() => cluster.get('Deployment', 'shop/front-evenly')).toBeDefined();
    await expect
      .poll(() => cluster.conditions('Gateway', 'shop/front'))
      .toEqual(['Accepted=True/Accepted', 'Programmed=False/AddressNotAssigned']);
    run(cluster);
    await expect
      .poll(() => cluster.conditions('Gateway', 'shop/front'))
      .toEqual(['Accepted=True/Accepted', 'Programmed=True/Programmed']);
    expect(cluster.get('Gateway', 'shop/front')?.status).toMatchObject({
      addresses: [{ type: 'IPAddress', value: '192.0.2.1' }],
      listeners: [{ name: 'grpc', attachedRoutes: 1 }],
    });
    expect(cluster.get('GRPCRoute', 'shop/cart')?.status).toMatchObject({
      parents: [
        { controllerName, conditions: [{ type: 'Accepted', status: 'True' }, { type: 'ResolvedRefs' }] },
      ],
    });
    // What was written changes nothing, and is not written again.
    for (const config of configs) expect(config).toEqual(configs[0]);
    expect(cluster.writes.filter((write) => write === 'status GRPCRoute shop/cart')).toHaveLength(1);
  });

  it('says in one Event what is wrong with an object, however many servers see it and however often', async () => {
    const broken = {
      ...route,
      spec: { ...route.spec, rules: [{ backendRefs: [{ name: 'gone', port: 1 }] }] },
    };
    const listeners = [{ name: 'tls', port: 443, protocol: 'TLS' }, ...gateway().spec.listeners];
    const cluster = clusterWith({ ...gateway(), spec: { ...gateway().spec, listeners } }, broken);
    const events = () =>
      [...cluster.objects.values()]
        .filter(({ kind }) => kind === 'Event')
        .map(({ involvedObject, reason, message }) => [
          (involvedObject as { kind: string }).kind,
          reason,
          message,
        ]);
    const expected = [
      ['Gateway', 'UnsupportedProtocol', expect.stringMatching(/^listener tls: protocol TLS/)],
      ['GRPCRoute', 'BackendNotFound', 'there is no Service shop/gone'],
    ];
    const one = start(cluster);
    start(cluster);
    await expect.poll(events).toEqual(expected);
    cluster.put({ ...broken, metadata: { ...broken.metadata, labels: { a: 'b' } } });
    await one.gatewayApi.stop();
    cluster.put(gateway({ name: 'back' }));
    await expect.poll(() => cluster.conditions('Gateway', 'shop/back'), { timeout: 5000 }).toHaveLength(2);
    expect(events()).toEqual(expected);
  });

  it('tells nothing before everything has been listed', async () => {
    const cluster = clusterWith(gateway(), route);
    const watch = cluster.api.watch.bind(cluster.api);
    let late: (() => void) | undefined;
    cluster.api.watch = (kind, scope, listener) => {
      if (kind.plural !== 'secrets') return watch(kind, scope, listener);
      late = () => void watch(kind, scope, listener);
      return () => undefined;
    };
    const { gatewayApi, configs } = start(cluster);
    await expect.poll(() => gatewayApi.waiting).toEqual(['secrets: not listed yet']);
    expect(configs).toEqual([]);
    late!();
    await expect.poll(() => gatewayApi.waiting).toEqual([]);
  });

  it('one of two writes; the other serves the same, and writes when the first one ends', async () => {
    const cluster = clusterWith(gateway(), route);
    const [one, other] = [start(cluster), start(cluster)];
    await expect.poll(one.listeners).toEqual(['gateway/shop/front/80']);
    await expect.poll(other.listeners).toEqual(['gateway/shop/front/80']);
    await expect.poll(() => cluster.conditions('Gateway', 'shop/front')).toHaveLength(2);
    expect(cluster.writes.filter((write) => write.startsWith('apply Deployment'))).toHaveLength(1);
    await one.gatewayApi.stop();
    cluster.put(gateway({ name: 'back' }));
    await expect.poll(() => cluster.conditions('Gateway', 'shop/back'), { timeout: 5000 }).toHaveLength(2);
  });

  it('writes again what could not be written, and puts right what somebody else has changed', async () => {
    const cluster = clusterWith(gateway());
    let failures = 2;
    cluster.refuse = (write) =>
      write === 'status Gateway shop/front' && failures-- > 0 ? new Error('away') : undefined;
    start(cluster);
    await expect.poll(() => cluster.conditions('Gateway', 'shop/front')).toHaveLength(2);
    cluster.put({ ...cluster.get('Gateway', 'shop/front'), status: { conditions: [] } });
    await expect.poll(() => cluster.conditions('Gateway', 'shop/front')).toHaveLength(2);
    await expect.poll(() => cluster.get('Service', 'shop/front-evenly')).toBeDefined();
    cluster.remove('Service', 'shop/front-evenly');
    await expect.poll(() => cluster.get('Service', 'shop/front-evenly')).toBeDefined();
  });

  it('goes on with the others when one is refused', async () => {
    const cluster = clusterWith(gateway());
    cluster.refuse = (write) =>
      write.startsWith('apply PodDisruptionBudget') ? new ApiRefusal(422, 'no good') : undefined;
    start(cluster);
    await expect.poll(() => cluster.get('Service', 'shop/front-evenly')).toBeDefined();
    await expect.poll(() => cluster.conditions('Gateway', 'shop/front')).toHaveLength(2);
  });

  it("leaves alone what has the name of one of its objects and is somebody else's", async () => {
    const cluster = clusterWith(gateway());
    const theirs = {
      kind: 'Service',
      metadata: { namespace: 'shop', name: 'front-evenly' },
      spec: { theirs: true },
    };
    cluster.put(theirs);
    start(cluster);
    await expect.poll(() => cluster.get('PodDisruptionBudget', 'shop/front-evenly')).toBeDefined();
    expect(cluster.get('Service', 'shop/front-evenly')?.spec).toEqual({ theirs: true });
    cluster.remove('Gateway', 'shop/front');
    await expect.poll(() => cluster.get('Deployment', 'shop/front-evenly')).toBeUndefined();
    expect(cluster.get('Service', 'shop/front-evenly')?.spec).toEqual({ theirs: true });
    expect(cluster.writes.filter((write) => write.includes(' Service '))).toEqual([]);
  });

  it('takes away what it made, and nothing of others, when a Gateway is of another class', async () => {
    const cluster = clusterWith(gateway());
    const labels = {
      'app.kubernetes.io/managed-by': 'evenly',
      'gateway.networking.k8s.io/gateway-class-name': 'theirs',
    };
    cluster.put({
      kind: 'GatewayClass',
      metadata: { name: 'theirs' },
      spec: { controllerName: 'example.org/other' },
    });
    const ownerReferences = [{ kind: 'Gateway', name: 'x' }];
    cluster.put({
      kind: 'Deployment',
      metadata: { namespace: 'shop', name: 'x-theirs', labels, ownerReferences },
    });
    start(cluster);
    await expect.poll(() => cluster.get('PodDisruptionBudget', 'shop/front-evenly')).toBeDefined();
    const moved = gateway();
    cluster.put({ ...moved, spec: { ...moved.spec, gatewayClassName: 'theirs' } });
    await expect.poll(() => cluster.get('Deployment', 'shop/front-evenly')).toBeUndefined();
    expect(cluster.get('Service', 'shop/front-evenly')).toBeUndefined();
    expect(cluster.get('Deployment', 'shop/x-theirs')).toBeDefined();
  });
});
