import { setImmediate as turn } from 'node:timers/promises';
import { staticSource, type EndpointSource } from '@evenly/endpoints';
import { MemoryBudget, SocketLoop } from '@evenly/http2';
import { readMeshConfig, type MeshConfig } from '@evenly/mesh-config';
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
    identity: { region: '', zone: 'a', node: '', id: 'p' },
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
    onNeedsTicks: () => undefined,
  } as unknown as ClusterContext;
  const mesh = new Mesh(context);
  const apply = (config: MeshConfig) => {
    const prepared = mesh.prepare(config);
    for (const listener of config.listeners) prepared.tableOf(listener);
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
      { numRuns: 1000 },
    );
    // That the test reaches pools at all: 13 of 1000 worlds do on average. Of 200 it was none in one run of ten.
    expect(clusters).toBeGreaterThan(0);
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
