import type { KubernetesApi } from '@evenly/kubernetes';
import type { SnapshotStore } from '@evenly/live-mesh';
import type { MeshConfig } from '@evenly/mesh-config';
import type { Gate, Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import type { GatewayApi } from '../gateway-api/gateway-api.ts';
import { ClusterServices } from './cluster-services.ts';
import type { ConfigParts, PartName } from './config-parts.ts';

interface Surroundings {
  kubernetes: () => Promise<KubernetesApi>;
  parts: ConfigParts;
  snapshots: SnapshotStore | undefined;
}

/** A part of the config that the cluster has not said yet. */
interface WaitedFor {
  name: string;
  why: () => string;
  gate: Gate;
}

/**
 * Follows what the cluster says of the config, and returns when it has said all of it once: a client that came before would wait
 * for what there is, and a proxy too. Meanwhile `/readyz` says what is missing.
 *
 * While the API is away, what files say must not wait for ever: after `--ready-after` the server goes on with that.
 */
export async function followCluster(
  config: ServerConfig,
  { kubernetes, parts, snapshots }: Surroundings,
  runtime: Runtime,
): Promise<{ servicesSnapshotMs: () => number | undefined }> {
  const { log, readiness } = runtime;
  const waiting = new Map<PartName, WaitedFor>();
  let onAll!: () => void;
  const all = new Promise<void>((resolve) => (onAll = resolve));
  const waitFor = (part: PartName, name: string, why: () => string) =>
    void waiting.set(part, { name, why, gate: readiness.gate(name, why) });
  const pass = (part: PartName) => {
    waiting.get(part)?.gate.pass();
    waiting.delete(part);
    if (waiting.size === 0) onAll();
  };
  const offer = (part: PartName) => (said: MeshConfig) => {
    if (parts.offer(part, said)) pass(part);
  };

  const services = new ClusterServices({ kubernetes, config, log, snapshots });
  let gatewayApi: GatewayApi | undefined;
  if (config.discover.length > 0) waitFor('services', 'Services of the cluster', () => services.why);
  if (config.gatewayApi)
    waitFor('gateway-api', 'gateway-api', () => gatewayApi?.waiting.join('; ') ?? 'not followed yet');
  if (waiting.size === 0) return { servicesSnapshotMs: () => undefined };

  if (waiting.has('services')) {
    await services.follow(offer('services'));
    runtime.onDrain('services', () => services.stop());
  }
  if (waiting.has('gateway-api')) {
    const { followGatewayApi } = await import('../gateway-api/follow-gateway-api.ts');
    const following = await followGatewayApi(config, await kubernetes(), offer('gateway-api'), runtime);
    gatewayApi = following;
    runtime.onDrain('gateway-api', () => following.stop());
  }
  const patience = setTimeout(() => {
    if (!parts.saysAnything) return; // it would be of no use: the wait goes on
    const without = [...waiting.values()].map(({ name, why }) => ({ name, reason: why() }));
    log.warn(
      { without },
      'ready without what the cluster says of the config; what is not in the files may still come',
    );
    parts.doWithoutMissing();
    for (const part of [...waiting.keys()]) pass(part);
  }, config.readyAfter);
  await all;
  clearTimeout(patience);
  return { servicesSnapshotMs: () => services.snapshotMs };
}
