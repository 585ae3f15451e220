import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trace } from '@opentelemetry/api';
import { afterEach, expect, it, vi } from 'vitest';
import { startTracing } from './tracing.ts';

const log = { warn: vi.fn(), error: vi.fn() };
afterEach(() => {
  trace.disable();
  vi.unstubAllEnvs();
});

interface Export {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: { name: string }[] }[];
  }[];
}

/** A collector of OTLP over HTTP that keeps what it gets. */
async function collector() {
  const exports: Export[] = [];
  const paths: string[] = [];
  const types: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      paths.push(request.url ?? '');
      types.push(request.headers['content-type']);
      if (types.at(-1) === 'application/json') exports.push(JSON.parse(body) as Export);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    paths,
    types,
    close: () => server.close(),
  };
}

it('sends spans to the endpoint of the environment, under the program’s name, at the latest when it stops', async () => {
  const { url, exports, paths, close } = await collector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment=test');
  const tracing = await startTracing('demo', process.env, log);
  tracing!.tracer.startSpan('work').end();
  await tracing!.stop();
  close();
  expect(paths).toEqual(['/v1/traces']);
  const [{ resource, scopeSpans } = { resource: { attributes: [] }, scopeSpans: [] }] =
    exports[0]!.resourceSpans;
  expect(scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name))).toEqual(['work']);
  const attributes = Object.fromEntries(
    resource.attributes.map(({ key, value }) => [key, value.stringValue]),
  );
  expect(attributes).toMatchObject({ 'service.name': 'demo', 'deployment.environment': 'test' });
});

it.each([
  ['without an endpoint', {}],
  ['with an empty one', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
  [
    'when it is switched off',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' },
  ],
  [
    'when no exporter is wanted',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' },
  ],
])('does nothing %s', async (_when, env) => {
  expect(await startTracing('demo', env, log)).toBeUndefined();
});

it('sends protobuf where the environment wants it', async () => {
  const { url, types, close } = await collector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf');
  const tracing = await startTracing('demo', process.env, log);
  tracing!.tracer.startSpan('work').end();
  await tracing!.stop();
  close();
  expect(types).toEqual(['application/x-protobuf']);
});

it.each([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /^OTEL_EXPORTER_OTLP_PROTOCOL is grpc; there are http\/json and/],
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /^OTEL_TRACES_EXPORTER is zipkin; there are otlp, console and none$/],
])('says which of these it has not, and sends none: %o', async (env, reason) => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  expect(await startTracing('demo', { ...endpoint, ...env }, log)).toBeUndefined();
  expect(log.warn).toHaveBeenLastCalledWith(
    { reason: expect.stringMatching(reason) as string },
    'no traces are sent',
  );
});

it('says that the collector is away, and goes on', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '500');
  const tracing = await startTracing('demo', process.env, log);
  tracing!.tracer.startSpan('work').end();
  await tracing!.stop().catch((error: Error) => expect(error.message).toBeTruthy());
  await expect.poll(() => [...log.error.mock.calls, ...log.warn.mock.calls].length).toBeGreaterThan(0);
});
