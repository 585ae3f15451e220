import {
  printMeshConfig,
  readMeshConfig,
  routesOf,
  type MeshConfig,
  type Service,
} from '@evenly/mesh-config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extremeWorld } from '../testing/extreme-resources.ts';
import { linkedClient } from '../testing/client-link.ts';
import { tellAll } from '../testing/scripted-server.ts';

/** The reader of files as the judge of ranges: what xDS says must be something that a file could say too. */
function readByFile(config: MeshConfig): void {
  const routes = config.listeners.flatMap((listener) => routesOf(config, listener));
  const services = [...config.services.values()].map((service, index): Service => {
    const isRing = service.policy.loadBalancing === 'ring-hash'; // by xDS, routes say which header is hashed
    const policy = { ...service.policy, ...(isRing ? { hashHeader: 'x' } : {}) };
    return { ...service, name: `s${index}`, policy };
  });
  const bare = routes.map(({ timeoutMs, retry, fault }, index) => ({
    match: { path: { kind: 'exact' as const, value: `/${index}` }, headers: [] },
    to: [{ service: 's0', weight: 1 }],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retry === undefined ? {} : { retry }),
    ...(fault === undefined ? {} : { fault }),
  }));
  const named = new Map(services.map((service) => [service.name, service]));
  const listeners = config.listeners.map(({ virtualHosts: _, ...listener }, index) => ({
    ...listener,
    name: `l${index}`,
    port: listener.port === 0 ? 0 : index + 1,
    routes: [],
  }));
  const all: MeshConfig = { services: named, routes: named.size === 0 ? [] : bare, listeners };
  readMeshConfig(printMeshConfig(all), 'xds');
}

describe.each(['delta', 'sotw'] as const)('whatever a server says by %s', (variant) => {
  it('the client refuses it, or has a config that a file could have', { timeout: 60_000 }, () => {
    let configs = 0;
    const seen = new Set<string>();
    fc.assert(
      fc.property(extremeWorld, (world) => {
        const link = linkedClient(variant);
        for (const error of tellAll(link.client, variant, world)) seen.add(error.slice(0, 12));
        link.clock.nowMs = 20_000;
        link.client.tick();
        configs += link.configs.length;
        for (const config of link.configs) {
          readByFile(config);
          for (const { weight } of config.listeners.flatMap((listener) =>
            routesOf(config, listener).flatMap(({ to }) => to),
          ))
            expect(weight).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 200 },
    );
    // The property is worth something only if both happen.
    expect(configs).toBeGreaterThan(50);
    expect(seen.size).toBeGreaterThan(3);
  });
});
