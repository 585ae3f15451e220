import { expect, inject } from 'vitest';
import type { Step } from './scenario.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients } from './testing/clients.ts';
import type { ControlPlane } from './testing/control-plane.ts';
import { Envoy, type VirtualHost } from './testing/envoy.ts';
import { envoyBootstrap, type XdsVariant } from './testing/envoy-bootstrap.ts';
import { goThroughScenario, type Participant } from './testing/go-through.ts';
import { canaryCall, lateCall, plainCall, podsIn } from './testing/mesh.ts';

/** An Envoy that a gRPC client without xDS calls through. */
function envoy(variant: XdsVariant): Participant {
  const start: Participant['start'] = async (controlPlane, listenPort) => {
    const proxy = await Envoy.start(envoyBootstrap(variant, controlPlane.port), listenPort);
    const through = [...clients['grpc-js'].command, '--through', `127.0.0.1:${listenPort}`];
    const caller = new CallingClient(through, [plainCall, canaryCall, lateCall]);
    return {
      caller,
      checkView: async (step) => {
        await expectStreams(variant, controlPlane);
        await expectView(proxy, step);
      },
      stop: async () => {
        await caller.stop();
        await proxy.stop();
      },
    };
  };
  return { needs: ['envoy'], start };
}

/** How long each of Envoy's streams may back off after a restart of the server, by itself: 30 s at most. */
const reconnectMs = 40_000;

/** That it came the way that its bootstrap says. */
async function expectStreams(variant: XdsVariant, controlPlane: ControlPlane): Promise<void> {
  const streams = expect.poll(() => controlPlane.metric('evenly_xds_streams'), { timeout: reconnectMs });
  // Listeners, clusters, and for each listener and cluster one for its routes or endpoints.
  if (variant === 'separate') await streams.toBeGreaterThanOrEqual(5);
  else await streams.toBe(1);
}

/** That what Envoy says it has is the step's mesh, all of it active, and that it refused nothing. */
async function expectView(proxy: Envoy, { mesh }: Step): Promise<void> {
  const ports = (service: string) =>
    podsIn(mesh, service, inject('pods'))
      .map(({ port }) => port)
      .sort((a, b) => a - b);
  const endpoints = {
    'be1-srv-cluster': ports('be1-srv'),
    'be2-srv-cluster': ports('be2-srv'),
    ...(mesh.late ? { 'late-srv-cluster': ports('be2-srv') } : {}),
  };
  await expect.poll(() => proxy.clusters()).toEqual(endpoints);

  const dump = await proxy.configDump();
  const { dynamic_listeners: listeners, dynamic_route_configs: routes } = dump;
  expect(listeners.map(({ name, active_state: active }) => [name, active?.version_info])).toEqual([
    ['edge', expect.stringMatching(/./)],
  ]);
  expect(listeners[0]).not.toHaveProperty('warming_state');
  expect(JSON.stringify(dump)).not.toContain('error_state');
  expect(dump.dynamic_warming_clusters ?? []).toEqual([]);
  const clusters = dump.dynamic_active_clusters.map(({ cluster }) => cluster.name);
  expect(new Set(clusters)).toEqual(new Set(Object.keys(endpoints)));

  expect(routes).toHaveLength(1);
  expect(Object.fromEntries((routes[0]!.route_config.virtual_hosts ?? []).map(routesOfHost))).toEqual({
    'be1-srv': [
      ...(mesh.canaryHeader ? [{ 'be2-srv-cluster': 100 }] : []),
      mesh.canaryPercent === undefined
        ? { 'be1-srv-cluster': 100 }
        : { 'be1-srv-cluster': 100 - mesh.canaryPercent, 'be2-srv-cluster': mesh.canaryPercent },
    ],
    'be2-srv': [{ 'be2-srv-cluster': 100 }],
    ...(mesh.late ? { 'late-srv': [{ 'late-srv-cluster': 100 }] } : {}),
  });
  expect(await proxy.count('update_rejected')).toBe(0);
  // A resource that Envoy waited for in vain (15 s): what a control plane causes that answers in the wrong order.
  expect(await proxy.count('init_fetch_timeout')).toBe(0);
}

/** An authority, and where each of its routes leads: cluster → weight. */
function routesOfHost({ domains, routes }: VirtualHost): [string, Record<string, number>[]] {
  const targets = routes.map(({ route }) => {
    const only = [{ name: route.cluster ?? 'none', weight: 100 }];
    const weighted = route.weighted_clusters?.clusters ?? only;
    return Object.fromEntries(weighted.map(({ name, weight }) => [name, weight]));
  });
  return [domains[0]!, targets];
}

goThroughScenario('Envoy, state of the world over ADS', envoy('sotw'));
goThroughScenario('Envoy, delta over ADS', envoy('delta'));
goThroughScenario('Envoy, a stream for each type', envoy('separate'));
