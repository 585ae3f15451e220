import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collector, RunningProgram, type Collector, type Span } from '@evenly/service/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { scriptedBackend, type ScriptedBackend } from '../testing/scripted-backend.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callersSpan = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${callersSpan}-01`;
const errorOfOtel = 2;

let backend: ScriptedBackend;
let directory: string;
let program: RunningProgram;
let client: GrpcClient;
let traces: Collector;
let port: number;

/** The proxy as a process: tracing is of a whole process. */
async function start(env: Record<string, string>): Promise<void> {
  const config = `services:
  shop:
    source: { static: { endpoints: ['${backend.address}'] } }
    policy: { retry: { attempts: 3, on: [UNAVAILABLE] } }
routes:
  - { name: calls, match: { path: { prefix: /echo. } }, to: [{ service: shop }] }
  - { name: health, match: { path: { prefix: /grpc. } }, to: [{ service: shop }] }
  - { name: pages, match: { path: { prefix: /page } }, to: [{ service: shop }] }
`;
  const file = join(directory, 'mesh.yaml');
  await writeFile(file, config);
  const main = new URL('../../dist/main.js', import.meta.url);
  const options = ['--config', file, '--host', '127.0.0.1', '--port', '0', '--exit-with-parent'];
  program = new RunningProgram(main, options, env);
  port = await program.port('proxy');
  client = new GrpcClient(`127.0.0.1:${port}`);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'l7-proxy-traces-'));
  traces = await collector();
  backend = await scriptedBackend({
    onEnd: (call, index) => {
      const fails = call.headers.get('x-wanted') === 'a retry' && index === 0;
      if (fails) call.trailersOnly(14);
      else call.reply();
    },
  });
});
afterEach(async () => {
  client.close();
  program.child.kill('SIGTERM');
  await program.exitCode();
  traces.close();
  await backend.close();
  await rm(directory, { recursive: true });
});

const received = (name: string) => backend.calls.map(({ headers }) => headers.get(name));
const kinds = { server: 2, client: 3 };
const kindOf = (span: Span) => (span as Span & { kind: number }).kind;

describe('with a collector', () => {
  beforeEach(() => start({ OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' }));

  it('a call through the proxy is one trace: the caller’s span, the proxy’s, one for each attempt, the endpoint’s', async () => {
    const metadata = { traceparent, tracestate: 'vendor=1', baggage: 'user=7', 'x-wanted': 'a retry' };
    expect((await client.unary('ping', { metadata })).code).toBe('OK');
    await expect.poll(() => traces.spans).toHaveLength(3);
    const { attribute, childrenOf } = traces;
    const [server, ...others] = traces.spans.filter((span) => kindOf(span) === kinds.server);
    expect(others).toEqual([]);
    expect(server).toMatchObject({
      service: 'l7-proxy',
      name: 'echo.EchoServer/SayHello',
      traceId,
      parentSpanId: callersSpan,
    });
    const facts = [
      ['rpc.system', 'grpc'],
      ['rpc.service', 'echo.EchoServer'],
      ['rpc.method', 'SayHello'],
      ['rpc.grpc.status_code', 0],
      ['evenly.route', 'calls'],
      ['evenly.service', 'shop'],
      ['client.address', '127.0.0.1'],
    ] as const;
    for (const [name, value] of facts) expect(attribute(server!, name)).toBe(value);

    const attempts = childrenOf(server!);
    expect(attempts.map(kindOf)).toEqual([kinds.client, kinds.client]);
    expect(attempts.map((span) => attribute(span, 'rpc.grpc.status_code'))).toEqual([14, 0]);
    expect(attempts.map(({ status }) => status.code ?? 0)).toEqual([errorOfOtel, 0]);
    for (const span of attempts) {
      expect(span.traceId).toBe(traceId);
      expect(attribute(span, 'server.address')).toBe('127.0.0.1');
      expect(attribute(span, 'server.port')).toBe(backend.port);
      expect(attribute(span, 'network.peer.address')).toBe(backend.address);
    }
    // What a backend that traces makes its span under.
    expect(received('traceparent')).toEqual(attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`));
    expect(received('tracestate')).toEqual(['vendor=1', 'vendor=1']);
    expect(received('baggage')).toEqual(['user=7', 'user=7']);
    for (const { headers } of backend.calls) {
      expect(headers.fields.filter(({ name }) => name === 'traceparent')).toHaveLength(1);
    }
  });

  it('begins a trace where the caller has none, or none that can be read; marks what no route takes', async () => {
    await client.unary('ping', { metadata: { traceparent: 'nonsense' } });
    await client.unary('ping', { path: '/elsewhere.Service/Method' });
    await expect.poll(() => traces.spans).toHaveLength(3);
    const roots = traces.spans.filter(({ parentSpanId }) => !parentSpanId);
    expect(roots.map(({ name, status }) => [name, status.code ?? 0])).toEqual([
      ['echo.EchoServer/SayHello', 0],
      ['elsewhere.Service/Method', errorOfOtel],
    ]);
    expect(traces.attribute(roots[1]!, 'error.type')).toBe('no-route');
    expect(received('traceparent')[0]).toContain(roots[0]!.traceId);
  });

  it('what the caller does not sample has no spans, and the endpoint is told so', async () => {
    await client.unary('ping', { metadata: { traceparent: `00-${traceId}-${callersSpan}-00` } });
    await client.unary('ping', { metadata: { traceparent } });
    await expect.poll(() => traces.spans).toHaveLength(2);
    expect(traces.childrenOf({ spanId: callersSpan } as Span)).toHaveLength(1);
    expect(received('traceparent')[0]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it('health checks have no spans, and plain requests are spans of HTTP', async () => {
    await client.unary('ping', { path: '/grpc.health.v1.Health/Check', metadata: { traceparent } });
    const session = connect(`http://127.0.0.1:${port}`);
    const request = session.request({ ':path': '/page?secret=1' });
    request.resume();
    await once(request, 'close');
    session.close();
    await expect.poll(() => traces.spans).toHaveLength(2);
    for (const span of traces.spans) {
      expect(span.name).toBe('GET');
      expect(traces.attribute(span, 'url.path')).toBe('/page');
      expect(traces.attribute(span, 'http.response.status_code')).toBe(200);
    }
    expect(received('traceparent')[0]).toBe(traceparent);
  });
});

it('without a collector the caller’s context is passed on as it came', async () => {
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  await client.unary('ping', { metadata: { traceparent, tracestate: 'vendor=1' } });
  await client.unary();
  expect(received('traceparent')).toEqual([traceparent, undefined]);
  expect(received('tracestate')).toEqual(['vendor=1', undefined]);
});
