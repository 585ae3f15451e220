import { ManagedProcess } from '@evenly/local-cluster';
import { CircuitBreakers_Thresholds } from '@evenly/proto/envoy/config/cluster/v3/circuit_breaker';
import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { OutlierDetection } from '@evenly/proto/envoy/config/cluster/v3/outlier_detection';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { endpointSet } from '@evenly/endpoints';
import { readMeshConfig } from '@evenly/mesh-config';
import {
  endpointAssignment,
  nodeInfo,
  proxyUserAgent,
  ResourceCache,
  routingResources,
  sendOrder,
  typeUrlOf,
  type ResourceType,
} from '@evenly/xds';
import { expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { ScriptedXdsServer } from '../testing/scripted-xds-server.ts';

const empty = new Uint8Array(0);

/** What our own server would say of one service with one endpoint. */
function resourcesOf(port: number) {
  const text = `services: { echo: { source: { static: { endpoints: [] } } } }
routes: [{ match: {}, to: [{ service: echo }] }]`;
  const config = readMeshConfig(text, 'mesh.yaml');
  const { locality, policy } = config.services.get('echo')!;
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(config));
  const pods = endpointSet([{ address: '127.0.0.1', port, state: 'ready' }]);
  cache.replace('pods', [endpointAssignment({ name: 'echo-cluster', locality, policy }, pods)]);
  const node = nodeInfo({ ...Node.decode(empty), userAgentName: proxyUserAgent }, true);
  return (type: ResourceType) =>
    cache.all(type, node).map(({ encoded }) => ({ typeUrl: typeUrlOf(type), value: Buffer.from(encoded) }));
}

it(
  'a server that says too much: the process lives on, with the last good config',
  { timeout: 60_000 },
  async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using server = await ScriptedXdsServer.start();
    const resources = resourcesOf(backend.port);
    for (const type of sendOrder) server.tell(resources(type));
    const main = new URL('../../dist/main.js', import.meta.url).pathname;
    const options = [
      '--xds-server',
      `127.0.0.1:${server.port}`,
      '--xds-variant',
      'sotw',
      '--host',
      '127.0.0.1',
    ];
    const proxy = new ManagedProcess({
      name: 'l7-proxy',
      command: [process.execPath, main, ...options, '--port', '0', '--admin-port', '0', '--exit-with-parent'],
    });
    await proxy.listening(['proxy', 'admin'], 20_000);
    const client = new GrpcClient(`127.0.0.1:${proxy.addresses.get('proxy')!.port}`);
    const call = async () => (await client.unary()).code;
    const page = async () =>
      (await fetch(`http://127.0.0.1:${proxy.addresses.get('admin')!.port}/live`)).text();

    const cluster = (outliers: Partial<OutlierDetection>, breakers: Partial<CircuitBreakers_Thresholds>) => {
      const [given] = resources('cluster');
      const changed: Cluster = {
        ...Cluster.decode(given!.value),
        outlierDetection: { ...OutlierDetection.decode(empty), ...outliers },
        circuitBreakers: {
          thresholds: [{ ...CircuitBreakers_Thresholds.decode(empty), ...breakers }],
          perHostThresholds: [],
        },
      };
      server.tell([{ typeUrl: given!.typeUrl, value: Buffer.from(Cluster.encode(changed).finish()) }]);
    };
    const ask = async () => {
      for (let count = 0; count < 3; count++) expect(await call()).toBe('OK');
    };
    await ask();

    cluster({ interval: { seconds: 0n, nanos: 0 } }, {});
    const reason = 'cluster "echo-cluster" outlier_detection.interval must be more than 0';
    await expect.poll(() => server.nacks).toEqual([reason]);
    await expect.poll(page).toContain('outlier_detection.interval must be more than 0');
    await ask();

    const acks = server.acks.length;
    const most = 0xffff_ffff;
    const ever = { seconds: 315_576_000_000n, nanos: 0 };
    cluster(
      { interval: ever, successRateStdevFactor: 50_000, consecutive5xx: most },
      { maxRequests: most, maxRetries: most },
    );
    await expect.poll(() => server.acks.length).toBeGreaterThan(acks);
    await ask();
    expect(await page()).toContain('None now.');
    expect(proxy.exit).toBeUndefined();
    client.close();
    await proxy.stop(20_000);
  },
);
