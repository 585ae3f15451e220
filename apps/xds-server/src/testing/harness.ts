import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  credentials,
  Server,
  ServerCredentials,
  type ChannelCredentials,
  type ClientDuplexStream,
} from '@grpc/grpc-js';
import { DnsServer, ManagedProcess, type ZoneService } from '@evenly/local-cluster';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import { AggregatedDiscoveryServiceClient } from '@evenly/proto/envoy/service/discovery/v3/ads';
import type { DiscoveryRequest, DiscoveryResponse } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import {
  HealthClient,
  HealthService,
  type HealthCheckResponse_ServingStatus as ServingStatus,
  type HealthServer,
} from '@evenly/proto/grpc/health/v1/health';
import { typeOfUrl, typeUrlOf, type ResourceType } from '@evenly/xds';

export const svcConfig = (...names: string[]) =>
  JSON.stringify({
    services: names.map((serviceName) => ({
      serviceName,
      namespace: 'default',
      portName: 'grpc',
      protocol: 'tcp',
      grpcServiceName: 'echo.EchoServer',
      zone: 'us-central1-a',
      region: 'us-central1',
    })),
  });

/**
 * The xds-server as a process, with real DNS and real health services around it.
 * @param openFiles as `ulimit -n` sets it
 */
export async function xdsServerProcess(
  configText: string,
  args: string[] = [],
  env: Record<string, string> = {},
  openFiles?: number,
) {
  const directory = await mkdtemp(join(tmpdir(), 'evenly-xds-server-'));
  const configFile = join(directory, 'svc_config.json');
  await writeFile(configFile, configText);

  const endpoints = new Map<string, ZoneService['endpoints']>();
  const dns = new DnsServer({ host: '127.0.0.1', port: 0 }, () => ({
    domain: 'cluster.local',
    ttlS: 1,
    services: [...endpoints].map(([name, list]) => ({
      name,
      namespace: 'default',
      portName: 'grpc',
      protocol: 'tcp',
      endpoints: list,
    })),
  }));
  await dns.start();

  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  const options = ['--config', configFile, '--host', '127.0.0.1', '--admin-port', '0'];
  const dnsOptions = [
    '--dns-servers',
    `127.0.0.1:${dns.status.port}`,
    '--dns-timeout',
    '200ms',
    '--refresh',
    '20ms',
  ];
  const spawnServer = (xdsPort: number) => {
    const ports = ['--port', String(xdsPort)];
    const limited = openFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`];
    const command = [
      ...limited,
      process.execPath,
      main,
      ...options,
      ...ports,
      ...dnsOptions,
      '--exit-with-parent',
      ...args,
    ];
    return new ManagedProcess({ name: 'xds-server', command, env: { ...process.env, ...env } });
  };
  let server = spawnServer(0);
  const port = (what: string) => server.addresses.get(what)!.port;
  const admin = (path: string) => fetch(`http://127.0.0.1:${port('admin')}${path}`);

  return {
    get server() {
      return server;
    },
    dns,
    started: () => server.listening(['xds', 'admin'], 30_000),
    /** Ends it and starts it again on the same port. */
    restart: async () => {
      const xdsPort = port('xds');
      await server.stop(5000);
      server = spawnServer(xdsPort);
      await server.listening(['xds', 'admin'], 10_000);
    },
    /** In one step, as a ConfigMap is replaced: never seen half written. */
    rewriteConfig: async (text: string) => {
      await writeFile(`${configFile}.new`, text);
      await rename(`${configFile}.new`, configFile);
    },
    publish: (service: string, ...ports: number[]) => {
      const pod = (port: number) => ({ hostname: `pod-${port}`, address: '127.0.0.1', port });
      endpoints.set(service, ports.map(pod));
    },
    /** The sum of a metric over all its labels. */
    metric: async (name: string) => {
      const text = await (await admin('/metrics')).text();
      const rows = text
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
      return rows.reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0);
    },
    status: async () => (await admin('/status')).json(),
    xdsPort: () => port('xds'),
    client: (options?: AdsClientOptions) => adsClient(port('xds'), options),
    admin,
    adminUrl: () => `http://127.0.0.1:${port('admin')}/`,
    stop: async () => {
      await server.stop(5000);
      await dns.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** A pod: a gRPC server that says that it serves. */
export async function servingPod() {
  const server = new Server();
  const health: Pick<HealthServer, 'check'> = { check: (_call, callback) => callback(null, { status: 1 }) };
  server.addService(HealthService, health);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

/** A client of the port's health service. */
export function healthOf(port: number, creds: ChannelCredentials = credentials.createInsecure()) {
  const client = new HealthClient(`127.0.0.1:${port}`, creds);
  /** The status, or the code of the error below zero. */
  const check = (service: string): Promise<number> =>
    new Promise((resolve) =>
      client.check({ service }, (error, response) => resolve(error === null ? response.status : -error.code)),
    );
  const watch = (service: string) => {
    const seen: (ServingStatus | 'end')[] = [];
    const stream = client.watch({ service });
    stream.on('data', ({ status }: { status: ServingStatus }) => seen.push(status));
    stream.on('error', () => seen.push('end'));
    return seen;
  };
  return { check, watch, close: () => client.close() };
}

export interface AdsClientOptions {
  creds?: ChannelCredentials;
  /** The node id. */
  id?: string;
  /** The node's cluster: for a gRPC server, the service that it serves. */
  cluster?: string;
  /** The namespace that it says it runs in. */
  namespace?: string;
  /** What the client says of a response: an error rejects it, undefined leaves it unanswered; all acknowledged without. */
  answer?: (type: ResourceType) => 'ack' | Error | undefined;
}

/** A client of the aggregated stream. */
function adsClient(
  port: number,
  {
    creds = credentials.createInsecure(),
    id = 'test',
    cluster = '',
    namespace,
    answer = () => 'ack',
  }: AdsClientOptions = {},
) {
  const client = new AggregatedDiscoveryServiceClient(`127.0.0.1:${port}`, creds);
  const stream: ClientDuplexStream<DiscoveryRequest, DiscoveryResponse> = client.streamAggregatedResources();
  const subscribed = new Map<string, string[]>();
  const nonces = new Map<string, string>();
  const responses: DiscoveryResponse[] = [];
  let ended: { code: number; details: string } | undefined;
  const send = (typeUrl: string, error?: Error) =>
    stream.write({
      versionInfo: '',
      node: {
        ...Node.decode(new Uint8Array(0)),
        id,
        cluster,
        metadata: namespace === undefined ? undefined : { NAMESPACE: namespace },
      },
      resourceNames: subscribed.get(typeUrl) ?? [],
      resourceLocators: [],
      typeUrl,
      responseNonce: nonces.get(typeUrl) ?? '',
      ...(error === undefined ? {} : { errorDetail: { code: 3, message: error.message, details: [] } }),
    });
  stream.on('data', (response: DiscoveryResponse) => {
    responses.push(response);
    nonces.set(response.typeUrl, response.nonce);
    const said = answer(typeOfUrl(response.typeUrl)!);
    if (said !== undefined) send(response.typeUrl, said === 'ack' ? undefined : said);
  });
  stream.on('error', () => undefined); // its status comes next
  stream.on('status', (status: { code: number; details: string }) => (ended = status));

  const last = (type: ResourceType) => responses.findLast(({ typeUrl }) => typeUrl === typeUrlOf(type));
  return {
    subscribe: (type: ResourceType, ...names: string[]) => {
      subscribed.set(typeUrlOf(type), names);
      send(typeUrlOf(type));
    },
    request: (typeUrl: string) => send(typeUrl),
    ended: () => ended,
    count: () => responses.length,
    /** The resources of the last response of a type, encoded. */
    bodies: (type: ResourceType) => last(type)?.resources.map(({ value }) => value),
    version: (type: ResourceType) => last(type)?.versionInfo,
    /** How many resources the last response of a type had. */
    resources: (type: ResourceType) => last(type)?.resources.length,
    /** The ports that the client was last told of for a cluster; undefined when it was told nothing. */
    ports: (cluster: string) => {
      const assignments = responses
        .filter(({ typeUrl }) => typeUrl === typeUrlOf('endpoints'))
        .flatMap((response) => response.resources.map(({ value }) => ClusterLoadAssignment.decode(value)));
      const assignment = assignments.findLast(({ clusterName }) => clusterName === cluster);
      return assignment?.endpoints.flatMap(({ lbEndpoints }) => lbEndpoints.map(portOf)).sort();
    },
    close: () => {
      stream.cancel(); // closing the channel alone would leave the stream open
      client.close();
    },
  };
}

function portOf({
  hostIdentifier,
}: ClusterLoadAssignment['endpoints'][number]['lbEndpoints'][number]): number {
  const address = hostIdentifier?.$case === 'endpoint' ? hostIdentifier.value.address?.address : undefined;
  const specifier = address?.$case === 'socketAddress' ? address.value.portSpecifier : undefined;
  return specifier?.$case === 'portValue' ? specifier.value : 0;
}
