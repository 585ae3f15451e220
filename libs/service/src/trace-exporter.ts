export type Environment = Readonly<Record<string, string | undefined>>;

/** Where spans go: `json` and `protobuf` are OTLP over HTTP. */
export type TraceExporter = 'json' | 'protobuf' | 'console';

const protocols: Readonly<Record<string, TraceExporter>> = {
  'http/json': 'json',
  'http/protobuf': 'protobuf',
};

/**
 * What OpenTelemetry's own variables ask for; an empty one counts as not set, as its specification wants. Traces are on where there
 * is an endpoint, or an exporter is named.
 * @returns undefined when traces are off; a fault where the variables want what is not there, traces are off then, too
 */
export function traceExporter(env: Environment): TraceExporter | { fault: string } | undefined {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined;
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const exporter = env['OTEL_TRACES_EXPORTER'] || (endpoint ? 'otlp' : 'none');
  if (exporter === 'none') return undefined;
  if (exporter === 'console') return 'console';
  if (exporter !== 'otlp') {
    return { fault: `OTEL_TRACES_EXPORTER is ${exporter}; there are otlp, console and none` };
  }
  const name = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'].find(
    (each) => env[each],
  );
  if (name === undefined) return 'json';
  return (
    protocols[env[name]!] ?? {
      fault: `${name} is ${env[name]}; there are ${Object.keys(protocols).join(' and ')}, which collectors take on port 4318`,
    }
  );
}
