import { once } from 'node:events';
import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { HealthCheckResponse_ServingStatus as Serving } from '@evenly/proto/grpc/health/v1/health';
import { check, codeOf, collect, nextStatus, sayHello } from './testing/calls.ts';
import { startLocalServer, type LocalServer } from './testing/local-server.ts';

const started: LocalServer[] = [];
async function start(...args: Parameters<typeof startLocalServer>): Promise<LocalServer> {
  const server = await startLocalServer(...args);
  started.push(server);
  return server;
}
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

async function metric(server: LocalServer, line: string): Promise<string | undefined> {
  const lines = (await server.registry.metrics()).split('\n');
  return lines.find((candidate) => candidate.startsWith(line))?.slice(line.length + 1);
}

describe('echo.EchoServer', () => {
  it('answers with its name, two spaces before "from"', async () => {
    const { echo } = await start();
    expect(await sayHello(echo)).toBe('Hello you  from hostname pod-1');
  });

  it('streams exactly two replies', async () => {
    const { echo } = await start();
    const message = 'Hello you  from hostname pod-1';
    expect(await collect(echo.sayHelloStream({ name: 'you' }))).toEqual([message, message]);
  });

  it('fails the chosen share of calls with UNAVAILABLE, streams too', async () => {
    const { echo, behaviour } = await start({ failRatio: 1 });
    expect(await codeOf(sayHello(echo))).toBe(status.UNAVAILABLE);
    expect(await codeOf(collect(echo.sayHelloStream({ name: 'you' })))).toBe(status.UNAVAILABLE);
    behaviour.change({ failRatio: 0 });
    expect(await sayHello(echo)).toContain('pod-1');
  });

  it('lets a client give up on a delayed call, and counts it as cancelled', async () => {
    const server = await start({ delayMs: 600_000 });
    expect(await codeOf(sayHello(server.echo, 500))).toBe(status.DEADLINE_EXCEEDED);
    server.behaviour.change({ delayMs: 0 });
    expect(await sayHello(server.echo)).toContain('pod-1');
    const call = 'grpc_service="echo.EchoServer",grpc_method="SayHello"';
    await expect.poll(() => metric(server, `grpc_server_in_flight{${call}}`)).toBe('0');
    expect(await metric(server, `grpc_server_handled_total{${call},grpc_code="CANCELLED"}`)).toBe('1');
    expect(await metric(server, `grpc_server_handled_total{${call},grpc_code="OK"}`)).toBe('1');
  });

  it('says which option to change when the port is in use', async () => {
    const { server } = await start();
    const second = startLocalServer({}, { port: server.port });
    await expect(second).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining('--port') as string,
    });
  });

  it('sends GOAWAY when a connection reaches its maximal age, and a client carries on over a new one', async () => {
    const { address, echo } = await start({}, { maxConnectionAge: 50, maxConnectionAgeGrace: 1000 });
    const session = connect(`http://${address}`);
    const [code] = (await once(session, 'goaway')) as [number];
    expect(code).toBe(0);
    session.close();
    for (let call = 0; call < 50; call++) expect(await sayHello(echo)).toContain('pod-1');
  });
});

describe('grpc.health.v1', () => {
  it.each(['', 'echo.EchoServer'])('says of %j what the behaviour says', async (service) => {
    const { health, behaviour } = await start();
    expect(await check(health, service)).toBe(Serving.SERVING);
    behaviour.change({ healthy: false });
    expect(await check(health, service)).toBe(Serving.NOT_SERVING);
    behaviour.change({ healthy: true });
    expect(await check(health, service)).toBe(Serving.SERVING);
  });

  it('answers NOT_FOUND for a service that it does not have', async () => {
    const { health } = await start();
    expect(await codeOf(check(health, 'no.Such'))).toBe(status.NOT_FOUND);
  });

  it('tells a watcher each change', async () => {
    const { health, behaviour } = await start();
    const watch = health.watch({ service: 'echo.EchoServer' });
    watch.on('error', () => undefined);
    expect(await nextStatus(watch)).toBe(Serving.SERVING);
    behaviour.change({ healthy: false });
    expect(await nextStatus(watch)).toBe(Serving.NOT_SERVING);
    watch.cancel();
  });
});

describe('hang', () => {
  it('accepts every call, health checks included, and answers none', async () => {
    const { echo, health } = await start({ hang: true });
    const codes = await Promise.all([codeOf(sayHello(echo, 200)), codeOf(check(health, '', 200))]);
    expect(codes).toEqual([status.DEADLINE_EXCEEDED, status.DEADLINE_EXCEEDED]);
    const stream = collect(echo.sayHelloStream({ name: 'you' }, { deadline: Date.now() + 200 }));
    expect(await codeOf(stream)).toBe(status.DEADLINE_EXCEEDED);
  });

  it('holds a call back that had begun before, and lets it go on afterwards', async () => {
    const server = await start({ delayMs: 500 });
    const begun = sayHello(server.echo);
    const inFlight = 'grpc_server_in_flight{grpc_service="echo.EchoServer",grpc_method="SayHello"}';
    await expect.poll(() => metric(server, inFlight)).toBe('1');
    server.behaviour.change({ hang: true });
    // This one begins later, so once its deadline has passed the first one's answer was due.
    expect(await codeOf(sayHello(server.echo, 1000))).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => metric(server, inFlight)).toBe('1');
    server.behaviour.change({ hang: false });
    expect(await begun).toContain('pod-1');
  });
});
