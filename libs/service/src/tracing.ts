import { diag, DiagLogLevel, trace, type Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';

export interface Tracing {
  tracer: Tracer;
  /** Sends what is not yet sent. */
  stop(): Promise<void>;
}

/**
 * OpenTelemetry traces by OTLP over HTTP, if the environment says where to (`OTEL_EXPORTER_OTLP_ENDPOINT`, or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`). Names, sampling, headers and queue are set by OpenTelemetry's own variables; as
 * they come, 2048 spans wait at most, and more are dropped. Not by `@opentelemetry/sdk-node`, which brings metrics, logs
 * and more exporters along that nobody here uses. Without an endpoint nothing of it is even loaded.
 * @returns undefined when traces are off
 */
export async function startTracing(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
  log: Pick<Logger, 'warn' | 'error'>,
): Promise<Tracing | undefined> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!endpoint || env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
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
    spanProcessors: [new sdk.BatchSpanProcessor(new sdk.OTLPTraceExporter())],
  });
  provider.register();
  return {
    tracer: trace.getTracer(program),
    stop: () => provider.shutdown(),
  };
}
