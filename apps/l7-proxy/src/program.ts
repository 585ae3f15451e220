import type { Viewer } from '@evenly/balancing';
import { dnsResolver, lazySlices, slicesOfClusters } from '@evenly/discovery';
import { lazyKubernetes } from '@evenly/kubernetes';
import { endpointKey, SaidOnce } from '@evenly/endpoints';
import { defaultLimits, MemoryBudget, SocketLoop } from '@evenly/http2';
import {
  checkCommand,
  ClusterStates,
  endpointSourceOf,
  healthChanges,
  MeshCertificates,
  SourceGates,
} from '@evenly/live-mesh';
import type { MeshConfig, UpstreamTls } from '@evenly/mesh-config';
import { openFiles, PatientGates, ServiceError, type Program, type Runtime } from '@evenly/service';
import cluster from 'node:cluster';
import { getHeapStatistics } from 'node:v8';
import { addAdminPage } from '@evenly/service/admin-page';
import { startAccessLog } from './access-log/access-log.ts';
import { liveOf } from './admin/page.ts';
import { proxyStatus } from './admin/status.ts';
import { observeBoth } from './call/call-observer.ts';
import { ReplayStore } from './call/request/saved-request.ts';
import { MirrorBudget } from './call/mirrors/mirror-budget.ts';
import { TimerWheel } from './call/timer-wheel.ts';
import { options, type ProxyConfig } from './config.ts';
import { followConfig } from './follow-config.ts';
import { Mesh } from './mesh.ts';
import { registerMetrics } from './metrics/proxy-metrics.ts';
import { Proxy } from './proxy.ts';
import { defaultListener } from './listener/default-listener.ts';
import type { ClusterContext } from './upstream/cluster.ts';
import { Supervisor } from './workers/supervisor.ts';
import { Ticker } from './ticker.ts';
import { ticketSecretOf } from './workers/ticket-secret.ts';
import { answerSupervisor, tellSupervisor } from './workers/worker.ts';
import { traceCalls } from './tracing/call-trace.ts';
import type { XdsFollower } from './xds/follow-xds.ts';

const title = 'l7-proxy';

export const l7Proxy: Program<typeof options> = {
  name: 'l7-proxy',
  describe: 'Balances each gRPC and HTTP/2 call over the endpoints of a mesh config',
  commands: [checkCommand],
  options,
  start: async (config, service) => {
    if (config.workers > 1 && cluster.isPrimary) return supervise(config.workers, service);
    const files = openFiles();
    service.log.info({ ...files }, 'open files: limit, and how many clients may have');
    const loop = new SocketLoop();
    const budget = new MemoryBudget(budgetBytes(config.bufferTotalBytes));
    const { now } = loop;
    const wheel = new TimerWheel(now);
    const mirrors = new MirrorBudget();
    const replay = new ReplayStore({
      maxBytesPerCall: config.replayBytes,
      maxBytes: config.replayTotalBytes,
    });
    const certificates = meshCertificates(service);
    const xds = await xdsOf(config, service);
    const gates = sourceGates(config, service);
    const clusters = new ClusterStates();
    // Of outliers and slow starts.
    const ticker = new Ticker(() => mesh.tick(now()));
    const onNeedsTicks = () => ticker.wake();
    const parts = { loop, budget, certificates, gates, clusters, onNeedsTicks };
    const context = clusterContext(config, service, parts);
    const mesh: Mesh = new Mesh(
      xds === undefined ? context : { ...context, sourceOf: ({ name }) => xds.client.endpointsOf(name) },
    );
    const observe = observeBoth(traceCalls(service.tracer), await startAccessLog(config, service));
    const { connectWait: connectWaitMs, cancelHold: cancelHoldMs } = config;
    const requestIds = config.requestIds === 'on';
    const proxy = new Proxy({
      mesh,
      certificates,
      service,
      observe,
      tracing: service.tracer !== undefined,
      calls: { wheel, now, random: Math.random, replay, mirrors, connectWaitMs, cancelHoldMs, requestIds },
      listener: {
        loop,
        budget,
        random: Math.random,
        ticketSecret: ticketSecretOf(service.env),
        limits: {
          ...config.clientRates,
          expansion: { ...defaultLimits.expansion, times: config.headerExpansion },
          maxConcurrentStreams: config.maxStreams,
          idleTimeoutMs: config.idleTimeout,
          fullStallTimeoutMs: config.stalledClientTimeout,
          headerTimeoutMs: config.handshakeTimeout,
        },
        maxConnections: config.maxConnections,
        maxConnectionsPerAddress: config.maxConnectionsPerAddress,
        files: files && { maxConnections: files.forClients, used: 0 },
        startTimeoutMs: config.handshakeTimeout,
        uploadStallTimeoutMs: config.uploadStallTimeout,
        maxAgeMs: config.maxConnectionAge,
        maxAgeGraceMs: config.maxConnectionAgeGrace,
      },
      defaultListener: defaultListener(config),
      drainTimeoutMs: config.maxConnectionAgeGrace,
    });
    const metrics = registerMetrics(service.metrics, {
      ...{ mesh, clusters, proxy, certificates, wheel, replay, budget },
    });
    let refusedConfig: string | undefined;
    const status = () =>
      proxyStatus({
        ...{ mesh, clusters, proxy, certificates, budget, refusedConfig, xds: xds?.client.status() },
        waiting: service.readiness.waiting,
      });
    addAdminPage(service.admin, { title, status, live: liveOf });
    service.onDrain('upstream', () => {
      ticker.stop();
      mesh.close();
      certificates.close();
    });
    service.onDrain('listeners', (signal) =>
      proxy.drain(config.maxConnectionAgeGrace, { lameDuckMs: config.lameDuck, signal }),
    );

    answerSupervisor(service.readiness, async () => ({
      metrics: await service.metrics.getMetricsAsJSON(),
      status: status(),
    }));
    const apply = whenReady(service, proxy, gates, xds?.whyNoConfig);
    const stopFollowing = await (xds === undefined
      ? followConfig(config.config, apply, {
          log: service.log,
          onTaken: () => (refusedConfig = undefined),
          onRefused: (reason) => {
            refusedConfig = reason;
            metrics.configErrors.inc();
          },
        })
      : xds.follow(apply));
    service.onDrain('config', stopFollowing);
    tellSupervisor({ evenly: 'listening' });
  },
};

/** Header blocks and calls are on V8's heap: a process with a small one refuses before it would die of it. */
function budgetBytes(wanted: number): number {
  return Math.min(wanted, Math.floor(getHeapStatistics().heap_size_limit / 3));
}

/** What the proxy waits for before it is ready: the endpoints of its first config. */
function sourceGates({ readyAfter: patienceMs }: ProxyConfig, { readiness, log }: Runtime): SourceGates {
  return new SourceGates((mayDoWithout) => new PatientGates({ readiness, log, patienceMs, mayDoWithout }));
}

/** @returns brings the proxy to a config, the first of which it needs to be ready */
function whenReady(
  { readiness }: Runtime,
  proxy: Proxy,
  gates: SourceGates,
  whyNoConfig = () => 'it is being applied',
): (config: MeshConfig) => Promise<void> {
  const first = readiness.gate('config', whyNoConfig);
  let isFirst = true;
  return async (config) => {
    if (isFirst) gates.waitFor(config);
    isFirst = false;
    await proxy.apply(config);
    gates.retain(config);
    first.pass();
  };
}

function meshCertificates({ log }: Runtime): MeshCertificates {
  return new MeshCertificates({
    onTaken: (files) => log.info({ files }, 'new certificates are in use'),
    onRefused: ({ message }) =>
      log.error({ reason: message }, 'certificates refused; the last good ones stay'),
  });
}

/** Several processes that do what one does alone; this one only watches over them. */
async function supervise(workers: number, service: Runtime): Promise<void> {
  const supervisor = new Supervisor(service);
  service.onDrain('workers', (signal) => supervisor.drain(signal));
  service.exposeMetrics(() => supervisor.metrics());
  addAdminPage(service.admin, { title, status: () => supervisor.status(), live: liveOf });
  await supervisor.start(workers);
}

/** Undefined: config files say what to do. */
async function xdsOf(config: ProxyConfig, service: Runtime): Promise<XdsFollower | undefined> {
  const { xdsServer } = config;
  if ((xdsServer === undefined) === (config.config.length === 0)) {
    const reason = 'say what to serve by --config or by --xds-server, one of the two';
    throw new ServiceError('BAD_CONFIG', reason);
  }
  if (xdsServer === undefined) return undefined;
  // Loaded by whom it serves: gRPC's client is a good part of the memory of a proxy that does nothing.
  const { xdsFollower } = await import('./xds/follow-xds.ts');
  return xdsFollower(config, xdsServer, service);
}

function clusterContext(
  config: ProxyConfig,
  service: Runtime,
  {
    loop,
    budget,
    certificates,
    gates,
    clusters,
    onNeedsTicks,
  }: Pick<ClusterContext['upstream'], 'loop' | 'budget'> & {
    onNeedsTicks: () => void;
    certificates: MeshCertificates;
    gates: SourceGates;
    clusters: ClusterStates;
  },
): ClusterContext {
  const { log, env } = service;
  const { kubeconfig } = config;
  const resolver = dnsResolver({ servers: config.dnsServers, timeoutMs: config.dnsTimeout });
  // One watch a namespace serves all services of it, so it may ask again soon: all are back 2 s after the API is.
  const backoff = { maxMs: 2000 };
  const kubernetes = lazyKubernetes({ env, ...(kubeconfig === undefined ? {} : { kubeconfig }), backoff });
  const slices = lazySlices(kubernetes, 'namespace');
  const certificatesOf = (tls: UpstreamTls) => certificates.of(tls);
  const said = new SaidOnce();
  const sources = {
    env,
    resolver,
    slices,
    slicesOf: slicesOfClusters({ backoff }),
    clusters,
    staleMs: config.staleAfter,
    emptyGraceMs: config.emptyGrace,
    certificatesOf,
  };
  return {
    certificatesOf,
    onNeedsTicks,
    random: Math.random,
    maxAgeMs: config.upstreamMaxConnectionAge,
    identity: viewerOf(config),
    upstream: {
      loop,
      budget,
      limits: { ...config.endpointRates, maxInformational: config.maxInformational },
      connectTimeoutMs: config.connectTimeout,
      probeAfterMs: config.upstreamProbe,
      probeTimeoutMs: config.upstreamProbeTimeout,
      keepaliveMs: config.upstreamKeepalive,
      keepaliveTimeoutMs: config.upstreamKeepaliveTimeout,
    },
    sourceOf: (described, subset, onReport) => {
      const onWarning = (reason: string) => log.warn({ service: described.name, reason }, 'check the config');
      const name = subset === undefined ? described.name : `${described.name}/${subset}`;
      const sayChanges = healthChanges(log, name);
      return endpointSourceOf(described, subset, { ...sources, onWarning }, (report) => {
        onReport(report);
        sayChanges(report);
      });
    },
    onEndpoints: (cluster, endpoints) => {
      gates.told(cluster);
      log.info(
        { cluster, endpoints: endpoints.slice(0, 20).map(endpointKey), count: endpoints.length },
        'endpoints',
      );
    },
    onSourceError: (cluster, error) => {
      gates.failed(cluster, error);
      const { code, message } = error;
      if (said.isNew(`${code} ${message}`, cluster))
        log.warn({ cluster, code, reason: message }, 'no updates of endpoints; the last good ones are kept');
    },
    onSourceRecovered: (cluster) => {
      if (said.isNew('recovered', cluster)) log.info({ cluster }, 'endpoints are followed again');
    },
  };
}

function viewerOf({ region = '', zone = '', node = '', id = 'proxy' }: ProxyConfig): Viewer {
  return { region, zone, node, id };
}
