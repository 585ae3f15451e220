import { diag, DiagLogLevel, trace, type Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type * as OpenTelemetry from './open-telemetry.ts';
import { traceExporter, type Environment, type TraceExporter } from './trace-exporter.ts';

export interface Tracing {
  tracer: Tracer;
  /** Sends what is not yet sent. */
  stop(): Promise<void>;
}

/**
 * OpenTelemetry traces, if the environment asks for them ({@link traceExporter}). Names, sampling, headers and queue are set by
 * OpenTelemetry's own variables; as they come, 2048 spans wait at most, and more are dropped. Not by `@opentelemetry/sdk-node`,
 * which brings metrics, logs and more exporters along that nobody here uses. Without traces nothing of it is even loaded.
 * @returns undefined when traces are off
 */
export async function startTracing(
  program: string,
  env: Environment,
  log: Pick<Logger, 'warn' | 'error'>,
): Promise<Tracing | undefined> {
  const exporter = traceExporter(env);
  if (exporter === undefined) return undefined;
  if (typeof exporter === 'object') {
    log.warn({ reason: exporter.fault }, 'no traces are sent');
    return undefined;
  }
  const sdk = await import('./open-telemetry.ts');
  // A collector that is away is no reason to stop, but one to say so.
  const said =
    (level: 'warn' | 'error') =>
    (reason: string, ...rest: unknown[]) =>
      log[level]({ reason, details: rest.map(String).join(' ').slice(0, 500) }, 'traces');
  const silent = () => undefined;
  const logger = { error: said('error'), warn: said('warn'), info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });

  const provider = new sdk.NodeTracerProvider({
    resource: sdk
      .defaultResource()
      .merge(sdk.resourceFromAttributes({ 'service.name': program }))
      .merge(sdk.detectResources({ detectors: [sdk.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(makers[exporter](sdk))],
  });
  provider.register();
  return {
    tracer: trace.getTracer(program),
    stop: () => provider.shutdown(),
  };
}

const makers = {
  json: (sdk: Sdk) => new sdk.JsonExporter(),
  protobuf: (sdk: Sdk) => new sdk.ProtobufExporter(),
  console: (sdk: Sdk) => new sdk.ConsoleSpanExporter(),
} satisfies Record<TraceExporter, unknown>;
type Sdk = typeof OpenTelemetry;
