import { getHeapStatistics } from 'node:v8';
import { dnsResolver, lazySlices, slicesOfClusters } from '@evenly/discovery';
import { lazyKubernetes } from '@evenly/kubernetes';
import { MemoryBudget } from '@evenly/http2';
import { checkCommand, ClusterStates, SourceGates } from '@evenly/live-mesh';
import { PatientGates, ServiceError, type Program } from '@evenly/service';
import { ResourceCache } from '@evenly/xds';
import { addAdminRoutes } from './admin/routes.ts';
import { options, type ServerConfig } from './config.ts';
import { clusterMetrics, createMetrics, memoryMetrics, snapshotMetric } from './metrics.ts';
import { ConfigParts, type PartName } from './mesh/config-parts.ts';
import { followCluster } from './mesh/follow-cluster.ts';
import { followConfig } from './mesh/follow-config.ts';
import { openSnapshots } from './mesh/snapshots.ts';
import { loadReports } from './lrs/load-reports.ts';
import { ServedMesh } from './mesh/served-mesh.ts';
import { ChangeTraces } from './tracing/change-traces.ts';
import { ClientStreams } from './xds-port/client-streams.ts';
import { sayOfSharedIds } from './xds-port/node-ids.ts';
import { sayOfUnknownNames } from './xds-port/unknown-names.ts';
import { portMetrics } from './xds-port/port-metrics.ts';
import { listenXds } from './xds-port/xds-port.ts';

/** The rest is for what is served, and for work. */
const clientShareOfHeap = 1 / 4;

export const xdsServer: Program<typeof options> = {
  name: 'xds-server',
  describe: 'Serves the endpoints of services to proxyless gRPC clients and Envoy by xDS',
  commands: [
    checkCommand,
    {
      usage: 'bootstrap',
      describe: "write the xDS bootstrap of a pod's client, and end; see bootstrap --help",
    },
  ],
  options,
  start: async (config, runtime) => {
    const { log, readiness } = runtime;
    const metrics = createMetrics(runtime.metrics);
    const cache = new ResourceCache(Date.now(), config.clusterDomain);
    const resolver = dnsResolver({ servers: config.dnsServers, timeoutMs: config.dnsTimeout });
    const { kubeconfig } = config;
    const { env } = runtime;
    // One watch a namespace serves all services of it, so it may ask again soon: all are back 2 s after the API is.
    const backoff = { maxMs: 2000 };
    const kubernetes = lazyKubernetes({ env, ...(kubeconfig === undefined ? {} : { kubeconfig }), backoff });
    const isOfCluster = config.gatewayApi || config.discover.includes('all');
    const slices = lazySlices(kubernetes, isOfCluster ? 'cluster' : 'namespace');
    const traces = runtime.tracer && new ChangeTraces(runtime.tracer);
    const gates = new SourceGates(
      (mayDoWithout) => new PatientGates({ readiness, log, patienceMs: config.readyAfter, mayDoWithout }),
    );
    const snapshots = await openSnapshots(config, { metrics, log });
    const clusters = new ClusterStates();
    const context = {
      env,
      resolver,
      slices,
      slicesOf: slicesOfClusters({ backoff }),
      clusters,
      staleMs: config.staleAfter,
      emptyGraceMs: config.emptyGrace,
      cache,
      metrics,
      log,
      gates,
      traces,
      snapshots,
    };

    // Before the port opens: a client that is told "no such listener" during a restart would drop what it has.
    const mesh = new ServedMesh(context, {
      envoyXdsCluster: config.envoyXdsCluster,
      loadReports: config.loadInterval > 0,
      clusterDomain: config.clusterDomain,
    });
    const parts = new ConfigParts({
      expected: partsOf(config),
      apply: (next, isWhole) => {
        if (!isWhole) cache.isPartial = true;
        mesh.apply(next, isWhole);
        if (isWhole) cache.isPartial = false;
      },
      onRefused: (part, { message }) => {
        metrics.configErrors.inc();
        mesh.refused(message);
        log.error({ part, reason: message }, 'config of the cluster refused; the last good one stays');
      },
    });
    const stopFollowing = await followConfig(mesh, parts, { config, log, metrics });
    // Looked for now, and not when the first source asks: without a way to the API there is nothing to serve.
    if (isOfCluster || config.discover.length > 0) await reachable(kubernetes);
    const { servicesSnapshotMs } = await followCluster(config, { kubernetes, parts, snapshots }, runtime);
    const streams = new ClientStreams(cache, {
      maxStreams: config.maxStreams,
      coalesceMs: config.coalesce,
      firstRequestMs: config.firstRequestTimeout,
      metrics,
      traces,
      onSharedNodeId: sayOfSharedIds(log),
      onListenersWanted: sayOfUnknownNames(cache, log),
    });
    const budget = new MemoryBudget(
      config.clientMemory ?? Math.floor(getHeapStatistics().heap_size_limit * clientShareOfHeap),
    );
    memoryMetrics(budget, runtime.metrics);
    snapshotMetric(() => mesh.snapshots, runtime.metrics);
    clusterMetrics(() => clusters.all, runtime.metrics);
    const loads = loadReports(cache, config, runtime.metrics);
    const xds = await listenXds(config, {
      streams,
      cache,
      loads,
      metrics,
      log,
      budget,
      readiness,
    });
    portMetrics(runtime.metrics, xds.connections);
    const { security, connections } = xds;
    addAdminRoutes(runtime.admin, {
      ...{ mesh, clusters, streams, loads, security, connections, budget, readiness, servicesSnapshotMs },
    });
    runtime.listening('xds', { address: config.host, port: xds.port });
    runtime.onDrain('discovery', async () => {
      stopFollowing();
      mesh.stop();
      await snapshots?.close();
    });
    runtime.onDrain('xds', (signal) => xds.close(signal));
  },
};

/** @throws ServiceError BAD_CONFIG when there are no credentials, or a kubeconfig that cannot be used */
async function reachable(kubernetes: () => Promise<unknown>): Promise<void> {
  await kubernetes().catch((cause: Error) => {
    throw new ServiceError(
      'BAD_CONFIG',
      `--discover and --gateway-api need the Kubernetes API: ${cause.message}`,
      { cause },
    );
  });
}

/** @throws ServiceError BAD_CONFIG when nobody says anything */
function partsOf({ config, discover, gatewayApi }: ServerConfig): PartName[] {
  if (config.length + discover.length > 0 || gatewayApi) {
    const services = discover.length > 0 ? ['services' as const] : [];
    return ['files', ...services, ...(gatewayApi ? ['gateway-api' as const] : [])];
  }
  const message =
    'nothing to serve: --config names files, --discover namespaces whose Services are served, --gateway-api follows Gateways';
  throw new ServiceError('BAD_CONFIG', message);
}
