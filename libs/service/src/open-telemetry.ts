/**
 * What traces take of OpenTelemetry, for `import()`: it is loaded where there are traces, and nowhere else. Its packages are
 * CommonJS, whose names a bundle has for `import` only.
 */
export { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
export {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
export { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
