import {
  credentials,
  Server,
  ServerCredentials,
  status,
  type Channel,
  type ClientOptions,
} from '@grpc/grpc-js';
import { EchoServerClient, EchoServerService, type EchoServerServer } from '@evenly/proto/echo/echo';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { grpcMetrics, type GrpcMetricsOptions } from './index.ts';
import { canonicalTarget } from './target.ts';
import { watchChannel } from './watch-channel.ts';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

/** A server that fails its first calls with UNAVAILABLE, and answers with what it is sent. */
async function server(failures = 0): Promise<number> {
  let left = failures;
  const echo: Pick<EchoServerServer, 'sayHello'> = {
    sayHello: ({ request }, callback) => {
      if (left-- > 0) callback({ code: status.UNAVAILABLE });
      else callback(null, { message: request.name });
    },
  };
  const server = new Server();
  server.addService(EchoServerService, echo);
  ended.push(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
}

/** A client whose metrics are kept, and how to read them. */
function measured(port: number, options: ClientOptions = {}, more: Partial<GrpcMetricsOptions> = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const metrics = grpcMetrics({ meterProvider, services: [EchoServerService], ...more });
  const client = new EchoServerClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    ...options,
    ...metrics,
  });
  ended.push(
    () => meterProvider.shutdown(),
    () => client.close(),
  );
  return {
    /** @returns the status */
    call: (name = 'x') =>
      new Promise<status>((resolve) =>
        client.sayHello({ name }, (error) => resolve(error?.code ?? status.OK)),
      ),
    read: async () => {
      await meterProvider.forceFlush();
      const [scope] = exporter.getMetrics().at(-1)!.scopeMetrics;
      return new Map(scope!.metrics.map((metric) => [metric.descriptor.name, metric]));
    },
    target: `dns:///127.0.0.1:${port}`,
  };
}

const method = 'echo.EchoServer/SayHello';
const twoRetries = {
  'grpc.service_config': JSON.stringify({
    methodConfig: [
      {
        name: [{}],
        retryPolicy: {
          maxAttempts: 3,
          initialBackoff: '0.001s',
          maxBackoff: '0.001s',
          backoffMultiplier: 1,
          retryableStatusCodes: ['UNAVAILABLE'],
        },
      },
    ],
  }),
};

/** Of each row its labels, and how many are counted there. */
function counts(metric: MetricData | undefined) {
  if (metric?.dataPointType === DataPointType.SUM)
    return metric.dataPoints.map(({ attributes, value }) => ({ ...attributes, count: value }));
  if (metric?.dataPointType !== DataPointType.HISTOGRAM) throw new Error('neither counter nor histogram');
  return metric.dataPoints.map(({ attributes, value }) => ({ ...attributes, count: value.count }));
}

function sums(metric: MetricData | undefined) {
  if (metric?.dataPointType !== DataPointType.HISTOGRAM) throw new Error('no histogram');
  return metric.dataPoints.map(({ value }) => value.sum);
}

describe('metrics of a grpc-js client by gRFC A66', () => {
  it('have the names, units, labels and boundaries of the gRFC', async () => {
    const { call, read, target } = measured(await server());
    expect(await call()).toBe(status.OK);
    const metrics = await read();
    const units = [...metrics].map(([name, { descriptor }]) => [name, descriptor.unit]);
    expect(Object.fromEntries(units)).toEqual({
      'grpc.client.attempt.started': '{attempt}',
      'grpc.client.attempt.duration': 's',
      'grpc.client.attempt.sent_total_compressed_message_size': 'By',
      'grpc.client.attempt.rcvd_total_compressed_message_size': 'By',
      'grpc.client.call.duration': 's',
    });
    const labels = { 'grpc.method': method, 'grpc.target': target };
    for (const [name, metric] of metrics)
      expect(counts(metric), name).toEqual([
        name.endsWith('started') ? { ...labels, count: 1 } : { ...labels, 'grpc.status': 'OK', count: 1 },
      ]);
    const bounds = (name: string) => {
      const { dataPointType, dataPoints } = metrics.get(name)!;
      return dataPointType === DataPointType.HISTOGRAM ? dataPoints[0]!.value.buckets.boundaries : [];
    };
    expect(bounds('grpc.client.call.duration')).toHaveLength(41);
    expect(bounds('grpc.client.call.duration').at(-1)).toBe(100);
    expect(bounds('grpc.client.attempt.sent_total_compressed_message_size')).toEqual([
      0, 1024, 2048, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864, 268435456, 1073741824,
      4294967296,
    ]);
  });

  it('count each attempt of a call that is retried, and the call once', async () => {
    const { call, read, target } = measured(await server(2), twoRetries);
    expect(await call()).toBe(status.OK);
    const metrics = await read();
    const labels = { 'grpc.method': method, 'grpc.target': target };
    expect(counts(metrics.get('grpc.client.attempt.started'))).toEqual([{ ...labels, count: 3 }]);
    expect(counts(metrics.get('grpc.client.attempt.duration'))).toEqual([
      { ...labels, 'grpc.status': 'UNAVAILABLE', count: 2 },
      { ...labels, 'grpc.status': 'OK', count: 1 },
    ]);
    expect(counts(metrics.get('grpc.client.call.duration'))).toEqual([
      { ...labels, 'grpc.status': 'OK', count: 1 },
    ]);
  });

  it('have the sizes of messages without framing, and as they are compressed', async () => {
    const name = 'x'.repeat(10_000);
    const length = EchoServerService.sayHello.requestSerialize({ name }).length;
    const port = await server();
    const size = (metrics: Map<string, MetricData>, way: 'sent' | 'rcvd') =>
      sums(metrics.get(`grpc.client.attempt.${way}_total_compressed_message_size`))[0];
    const plain = measured(port);
    await plain.call(name);
    expect(size(await plain.read(), 'sent')).toBe(length);
    expect(size(await plain.read(), 'rcvd')).toBe(length); // the same field, and the same text
    const gzip = measured(port, { 'grpc.default_compression_algorithm': 2 });
    await gzip.call(name);
    expect(size(await gzip.read(), 'sent')).toBeGreaterThan(0);
    expect(size(await gzip.read(), 'sent')).toBeLessThan(200);
  });

  it('have an attempt that got no connection, with its status', async () => {
    const port = await server();
    for (const end of ended.splice(0)) await end();
    const { call, read } = measured(port);
    expect(await call()).toBe(status.UNAVAILABLE);
    for (const name of ['grpc.client.attempt.duration', 'grpc.client.call.duration'])
      expect(counts((await read()).get(name)), name).toMatchObject([
        { 'grpc.status': 'UNAVAILABLE', count: 1 },
      ]);
  });

  it('name no method of a service that is not registered, unless a filter lets it', async () => {
    const port = await server();
    const named = async (more: Partial<GrpcMetricsOptions>) => {
      const { call, read } = measured(port, {}, { services: [], ...more });
      await call();
      return counts((await read()).get('grpc.client.attempt.started')).map(
        (row) => row['grpc.method' as never],
      );
    };
    expect(await named({})).toEqual(['other']);
    expect(await named({ mayName: (each) => each === method })).toEqual([method]);
  });

  it('are an error, and not wrong, where attempts cannot be seen', () => {
    expect(() => watchChannel({} as Channel, () => undefined as never)).toThrow('1.12 to 1.14 are known');
  });
});

it.each([
  ['dns:shop:50051', 'dns:///shop:50051'],
  ['dns://8.8.8.8/shop:50051', 'dns://8.8.8.8/shop:50051'],
  ['xds:///shop', 'xds:///shop'],
  ['unix:/run/shop.sock', 'unix:///run/shop.sock'],
  ['ipv4:10.0.0.1:80,10.0.0.2:80', 'ipv4:///10.0.0.1:80,10.0.0.2:80'],
])('%s is the target %s', (target, canonical) => {
  expect(canonicalTarget(target)).toBe(canonical);
});
