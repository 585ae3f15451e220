import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { collector, RunningProgram, type Collector } from '@evenly/service/testing';
import { RunningLab } from './lab.ts';

const main = (app: string) => new URL(`../../apps/${app}/dist/main.js`, import.meta.url);
const programs: RunningProgram[] = [];
let traces: Collector | undefined;
afterEach(async () => {
  for (const { child } of programs) child.kill('SIGKILL');
  for (const program of programs.splice(0)) await program.exitCode();
  traces?.close();
});

function run(app: string, args: readonly string[], env: Record<string, string>): RunningProgram {
  const program = new RunningProgram(
    main(app),
    ['--host', '127.0.0.1', '--port', '0', '--exit-with-parent', ...args],
    env,
  );
  programs.push(program);
  return program;
}

it('shows a request, its calls and the pods that answered them as one trace, under the caller’s', async () => {
  traces = await collector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const backend = run('echo-backend', [], env);
  const target = `ipv4:127.0.0.1:${await backend.port('grpc')}`;
  const frontend = run('frontend', ['--target', target], env);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const url = `http://127.0.0.1:${await frontend.port('http')}/be1-srv?calls=3`;
  expect((await fetch(url, { headers })).status).toBe(200);

  const { spans, childrenOf, attribute } = traces;
  await expect.poll(() => spans).toHaveLength(7);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const request = spans.find(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331')!;
  expect([request.service, request.name]).toEqual(['frontend', 'GET /:service']);
  expect(attribute(request, 'http.response.status_code')).toBe(200);
  const calls = childrenOf(request);
  expect(calls).toHaveLength(3);
  for (const call of calls) {
    expect([call.service, call.name]).toEqual(['frontend', 'echo.EchoServer/SayHello']);
    expect(attribute(call, 'network.peer.address')).toBe(target.replace('ipv4:', ''));
    const [answer, ...more] = childrenOf(call);
    expect([answer?.service, answer?.name, more]).toEqual(['echo-backend', 'echo.EchoServer/SayHello', []]);
    expect(attribute(answer!, 'rpc.grpc.status_code')).toBe(0);
  }
});

it('a proxy in between is part of the trace', async () => {
  traces = await collector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const backend = run('echo-backend', [], env);
  const address = `127.0.0.1:${await backend.port('grpc')}`;
  const directory = await mkdtemp(join(tmpdir(), 'traces-'));
  const file = join(directory, 'mesh.yaml');
  const service = `source: { static: { endpoints: ['${address}'] } }`;
  await writeFile(
    file,
    `services: { echo: { ${service} } }\nroutes: [{ match: {}, to: [{ service: echo }] }]\n`,
  );
  const proxy = run('l7-proxy', ['--config', file], env);
  const target = `ipv4:127.0.0.1:${await proxy.port('proxy')}`;
  const frontend = run('frontend', ['--target', target], env);
  const url = `http://127.0.0.1:${await frontend.port('http')}/be1-srv?calls=1`;
  expect((await fetch(url)).status).toBe(200);
  await rm(directory, { recursive: true });

  const { spans, childrenOf } = traces;
  await expect.poll(() => spans).toHaveLength(5);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  let [span] = spans.filter(({ parentSpanId }) => !parentSpanId);
  const path = [];
  for (; span !== undefined; [span] = childrenOf(span)) path.push(`${span.service} ${span.name}`);
  expect(path).toEqual([
    'frontend GET /:service',
    'frontend echo.EchoServer/SayHello',
    'l7-proxy echo.EchoServer/SayHello',
    'l7-proxy echo.EchoServer/SayHello',
    'echo-backend echo.EchoServer/SayHello',
  ]);
});

it('is one from curl to the pod in the lab, through the proxy of a scenario', async () => {
  traces = await collector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const lab = await RunningLab.start(['--scenario', 'sidecar'], env);
  try {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    expect((await fetch(`${lab.frontendUrl}/be1-srv?calls=2`, { headers })).status).toBe(200);

    const { spans, childrenOf } = traces;
    const ofTrace = () => spans.filter((span) => span.traceId === traceId);
    await expect.poll(() => ofTrace().length).toBe(1 + 2 * 4);
    const request = ofTrace().find(({ parentSpanId }) => parentSpanId === '00f067aa0ba902b7')!;
    const calls = childrenOf(request);
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      const path = [request, call];
      for (let [next] = childrenOf(call); next; [next] = childrenOf(next)) path.push(next);
      expect(path.map(({ service, name }) => `${service}: ${name}`)).toEqual([
        'frontend: GET /:service',
        'frontend: echo.EchoServer/SayHello',
        'l7-proxy: echo.EchoServer/SayHello',
        'l7-proxy: echo.EchoServer/SayHello',
        'echo-backend: echo.EchoServer/SayHello',
      ]);
    }
  } finally {
    await lab.stop();
  }
});

it('marks what failed, and traces no health check', async () => {
  traces = await collector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const backend = run('echo-backend', ['--fail-ratio', '1'], env);
  const target = `ipv4:127.0.0.1:${await backend.port('grpc')}`;
  const frontend = run('frontend', ['--target', target], env);
  const response = await fetch(`http://127.0.0.1:${await frontend.port('http')}/be1-srv`);
  expect(response.status).toBe(502);
  const { spans, attribute } = traces;
  await expect.poll(() => spans).toHaveLength(3);
  const errorOfOtel = 2;
  expect(spans.map(({ status }) => status.code)).toEqual([errorOfOtel, errorOfOtel, errorOfOtel]);
  const codes = spans.map((span) => attribute(span, 'rpc.grpc.status_code') ?? 'http').sort();
  expect(codes).toEqual([14, 14, 'http']);
});
