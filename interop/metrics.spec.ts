import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { grpcMetrics } from '@evenly/discovery/opentelemetry';
import { EchoServerClient, EchoServerService, type EchoServerServer } from '@evenly/proto/echo/echo';
import { credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clients, interopDirectory, prepareTimeoutMs, whyNot } from './testing/clients.ts';

/** What is sent says how the call ends. */
const calls = ['ok', 'unavailable', 'retried', 'deadline', 'cancelled'];
/** Of a call that is never answered. */
const patienceMs = 1000;
const serviceConfig = JSON.stringify({
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        ...{ maxAttempts: 2, initialBackoff: '0.01s', maxBackoff: '0.01s', backoffMultiplier: 1 },
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
});

/** A series of a metric. */
interface Row {
  name: string;
  unit: string;
  labels: Record<string, string>;
  count: number;
  sum: number;
  bounds?: number[];
}

async function startServer(): Promise<string> {
  const echo: Pick<EchoServerServer, 'sayHello'> = {
    sayHello: ({ request: { name }, metadata }, callback) => {
      if (name === 'deadline' || name === 'cancelled') return;
      const isFirst = metadata.get('grpc-previous-rpc-attempts').length === 0;
      if (name === 'unavailable' || (name === 'retried' && isFirst)) callback({ code: status.UNAVAILABLE });
      else callback(null, { message: `Hello ${name}` });
    },
  };
  const server = new Server();
  server.addService(EchoServerService, echo);
  onTestFinished(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return `dns:///127.0.0.1:${port}`;
}

async function byGrpcGo(target: string): Promise<Row[]> {
  const [command, ...args] = clients['grpc-go'].command;
  const { stdout } = await promisify(execFile)(
    command,
    [...args, 'metrics', target, serviceConfig, ...calls],
    { cwd: interopDirectory },
  );
  return JSON.parse(stdout) as Row[];
}

async function byGrpcJs(target: string): Promise<Row[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const client = new EchoServerClient(target, credentials.createInsecure(), {
    'grpc.service_config': serviceConfig,
    ...grpcMetrics({ meterProvider, services: [EchoServerService] }),
  });
  for (const name of calls) {
    const options = name === 'deadline' ? { deadline: Date.now() + patienceMs } : {};
    await new Promise<void>((resolve) => {
      const call = client.sayHello({ name }, new Metadata(), options, () => resolve());
      if (name === 'cancelled') setTimeout(() => call.cancel(), patienceMs);
    });
  }
  client.close();
  await meterProvider.forceFlush();
  const metrics = exporter
    .getMetrics()
    .at(-1)!
    .scopeMetrics.flatMap((scope) => scope.metrics);
  await meterProvider.shutdown();
  return metrics.flatMap(rowsOf);
}

function rowsOf({ descriptor: { name, unit }, dataPointType, dataPoints }: MetricData): Row[] {
  const labelsOf = (attributes: object) => ({ ...attributes }) as Record<string, string>;
  if (dataPointType === DataPointType.SUM)
    return dataPoints.map(({ attributes, value }) => ({
      ...{ name, unit, labels: labelsOf(attributes), count: value, sum: 0 },
    }));
  if (dataPointType !== DataPointType.HISTOGRAM) throw new Error(`${name} is neither counter nor histogram`);
  return dataPoints.map(({ attributes, value: { count, sum = 0, buckets } }) => ({
    ...{ name, unit, labels: labelsOf(attributes), count, sum, bounds: buckets.boundaries },
  }));
}

/** In one order; of durations only that there are some. */
const comparable = (rows: readonly Row[]) =>
  rows
    .map(({ sum, ...row }) => ({ ...row, sum: row.unit === 's' ? sum > 0 : sum }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
const keyOf = ({ name, labels }: Pick<Row, 'name' | 'labels'>) =>
  `${name} ${JSON.stringify(labels['grpc.status'])}`;

const reason = whyNot('grpc-go');

describe.skipIf(reason !== undefined)(reason ?? 'client metrics of gRFC A66', () => {
  it('of the same calls are the same by grpc-go and by grpc-js', { timeout: prepareTimeoutMs }, async () => {
    await clients['grpc-go'].prepare();
    const target = await startServer();
    const [go, js] = [await byGrpcGo(target), await byGrpcJs(target)];
    expect(comparable(js)).toEqual(comparable(go));
    const counted = (name: string) =>
      Object.fromEntries(
        js.flatMap((row) => (row.name === name ? [[row.labels['grpc.status'] ?? 'all', row.count]] : [])),
      );
    expect(counted('grpc.client.attempt.started')).toEqual({ all: 7 });
    expect(counted('grpc.client.attempt.duration')).toEqual({
      ...{ OK: 2, UNAVAILABLE: 3, DEADLINE_EXCEEDED: 1, CANCELLED: 1 },
    });
    expect(counted('grpc.client.call.duration')).toEqual({
      ...{ OK: 2, UNAVAILABLE: 1, DEADLINE_EXCEEDED: 1, CANCELLED: 1 },
    });
  });
});
