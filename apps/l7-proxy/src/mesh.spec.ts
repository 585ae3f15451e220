import { setImmediate as turn } from 'node:timers/promises';
import { endpointSet, staticSource, type Endpoint, type EndpointSource } from '@evenly/endpoints';
import { MemoryBudget, SocketLoop } from '@evenly/http2';
import { readMeshConfig, routesOf, type MeshConfig } from '@evenly/mesh-config';
import { extremeWorld, linkedClient, tellAll } from '@evenly/xds/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mesh } from './mesh.ts';
import type { ClusterContext } from './upstream/cluster.ts';

function meshWith(sourceOf: (service: string) => EndpointSource) {
  const errors: string[] = [];
  const loop = new SocketLoop();
  const context = {
    sourceOf: ({ name }: { name: string }) => sourceOf(name),
    certificatesOf: () => ({}),
    random: () => 0.5,
    maxAgeMs: undefined,
    identity: { zone: 'a', id: 'p' },
    upstream: {
      loop,
      budget: new MemoryBudget(1 << 20),
      connectTimeoutMs: 100,
      keepaliveMs: 0,
      keepaliveTimeoutMs: 100,
    },
    onEndpoints: () => undefined,
    onSourceError: (_: string, { message }: Error) => void errors.push(message),
    onSourceRecovered: () => undefined,
  } as unknown as ClusterContext;
  const mesh = new Mesh(context);
  const apply = (config: MeshConfig) => {
    const prepared = mesh.prepare(config);
    for (const listener of config.listeners) prepared.tableOf(routesOf(config, listener));
    prepared.commit();
    mesh.retain(config);
  };
  return { mesh, apply, errors };
}

describe.each(['delta', 'sotw'] as const)('whatever a server says by %s', (variant) => {
  it('what the client takes of it can be put to work, ticks and all', { timeout: 60_000 }, async () => {
    let clusters = 0;
    await fc.assert(
      fc.asyncProperty(extremeWorld, async (world) => {
        const link = linkedClient(variant);
        const { mesh, apply, errors } = meshWith((name) => link.client.endpointsOf(name));
        tellAll(link.client, variant, world);
        link.clock.nowMs = 20_000;
        link.client.tick();
        for (const config of link.configs) apply(config);
        await turn();
        await turn();
        mesh.tick(1000);
        clusters += [...mesh.clusters].filter(({ pools }) => [...pools].length > 0).length;
        mesh.close();
        expect(errors).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(clusters).toBeGreaterThan(10);
  });
});

describe('a config that cannot be put to work', () => {
  const config = readMeshConfig(
    'services:\n  a: { source: { static: { endpoints: [] } } }\n  b: { source: { static: { endpoints: [] } } }\n',
    'mesh.yaml',
  );
  const withBreakers = (a: number, b: number): MeshConfig => {
    const services = [...config.services.values()].map((service, index) => {
      const maxRequests = [a, b][index]!;
      const circuitBreaker = { maxRequests, maxPendingRequests: 1, maxConnections: 1, maxRetries: 1 };
      return { ...service, policy: { ...service.policy, circuitBreaker } };
    });
    return { ...config, services: new Map(services.map((service) => [service.name, service])) };
  };

  it('changes nothing, not even of the services before the one that is at fault', () => {
    const { mesh, apply } = meshWith(() => staticSource([]));
    apply(withBreakers(1, 2));
    expect(() => apply(withBreakers(7, 2_000_000))).toThrow('maxRequests');
    expect([...mesh.clusters].map(({ breaker }) => breaker.limit('request'))).toEqual([1, 2]);
    mesh.close();
  });
});

describe('endpoints that a balancer does not take', () => {
  const config = readMeshConfig('services: { a: { source: { static: { endpoints: [] } } } }\n', 'mesh.yaml');
  const endpoint = (index: number, more: Partial<Endpoint>): Endpoint => ({
    address: `127.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    port: 9,
    state: 'ready',
    ...more,
  });
  const serving = async (endpoints: Endpoint[], policy: object = {}) => {
    const { mesh, apply, errors } = meshWith(() => staticSource(endpointSet(endpoints).endpoints));
    const [service] = config.services.values();
    const described = { ...service!, policy: { ...service!.policy, ...policy } };
    apply({ ...config, services: new Map([['a', described]]) });
    await turn();
    await turn();
    const [cluster] = mesh.clusters;
    const used = [...cluster!.pools].map(({ endpoint: { priority = 0 } }) => priority);
    const { unusable } = cluster!;
    mesh.close();
    return { used, unusable, errors };
  };

  it(
    'more than 10,000: those of the first priorities get calls, and it is said',
    { timeout: 60_000 },
    async () => {
      const all = Array.from({ length: 10_002 }, (_, index) =>
        endpoint(index, { priority: index < 3 ? 1 : 0 }),
      );
      const reason = '10002 endpoints are too many: 10000 get calls';
      // Each proxy connects to some of them only: a test need not open ten thousand connections.
      const { used, unusable, errors } = await serving(all, { subsetting: { size: 3 } });
      expect({ used, unusable, errors }).toEqual({ used: [0, 0, 0], unusable: reason, errors: [reason] });
    },
  );
});
