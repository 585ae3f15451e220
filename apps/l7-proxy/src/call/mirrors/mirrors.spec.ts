import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../../testing/grpc-client.ts';
import { startProxy, type RunningProxy } from '../../testing/harness.ts';
import { scriptedBackend } from '../../testing/scripted-backend.ts';
import { mirrorLimits } from './limits.ts';

const mesh = (endpoint: string, mirror: string, percent = 100) => `services:
  echo: { source: { static: { endpoints: ['${endpoint}'] } } }
  copy: { source: { static: { endpoints: ['${mirror}'] } } }
routes:
  - name: mirrored
    match: {}
    to: [{ service: echo }]
    requestHeaders: { set: [{ name: x-changed, value: 'yes' }] }
    mirrors: [{ service: copy, percent: ${percent} }]
`;

async function countOf({ metrics }: RunningProxy, how: 'sent' | 'dropped'): Promise<number> {
  const text = await metrics.metrics();
  return Number(
    new RegExp(`evenly_proxy_mirrored_calls_total\\{route="mirrored",how="${how}"\\} (\\d+)`).exec(text)![1],
  );
}

/** Until both have a connection: a copy goes to an endpoint that takes it at once, or to none. */
async function bothReady(proxy: RunningProxy): Promise<void> {
  await expect
    .poll(
      () =>
        proxy
          .status()
          .services.flatMap(({ endpoints }) => endpoints)
          .filter(({ state, connections }) => state === 'ready' && connections > 0).length,
    )
    .toBe(2);
}

describe('a mirror', () => {
  it('gets what the endpoint gets, and its answer goes nowhere', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply(Buffer.from('endpoint')) });
    await using mirror = await scriptedBackend({ onEnd: (call) => call.trailersOnly(13) });
    await using proxy = await startProxy(mesh(backend.address, mirror.address));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    const request = 'x'.repeat(30_000);
    expect(await client.unary(request, { metadata: { 'x-mine': 'a' } })).toEqual({
      code: 'OK',
      details: '',
      messages: ['endpoint'],
    });
    await expect.poll(() => mirror.calls[0]?.ended).toBe(true);
    expect(mirror.calls[0]!.content).toEqual(backend.calls[0]!.content);
    const copied = mirror.calls[0]!.headers;
    expect([copied.get('x-mine'), copied.get('x-changed'), copied.get(':path')]).toEqual([
      'a',
      'yes',
      '/echo.EchoServer/SayHello',
    ]);
    expect(copied.get('grpc-timeout')).toBeDefined();
    expect(await countOf(proxy, 'sent')).toBe(1);
    client.close();
  });

  it('gets trailers of requests and all messages of a stream', async () => {
    await using backend = await scriptedBackend({
      onCall: (call) => call.answer(),
      onEnd: (call) => call.trailers(),
    });
    await using mirror = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(mesh(backend.address, mirror.address));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    const call = client.bidi();
    call.on('data', () => undefined);
    const ended = new Promise((resolve) => call.on('status', resolve));
    for (let index = 0; index < 50; index++) call.write(Buffer.from(`message ${index}`));
    call.end();
    expect(await ended).toMatchObject({ code: 0 });
    await expect.poll(() => mirror.calls[0]?.ended).toBe(true);
    expect(mirror.calls[0]!.content).toEqual(backend.calls[0]!.content);
    client.close();
  });

  it.each<[string, number, (sent: number) => boolean]>([
    ['none at 0 %', 0, (sent) => sent === 0],
    // Fewer than 20 of 200 at 30 % come once in 10^11 runs, and more than 120 more seldom still.
    ['a share at 30 %', 30, (sent) => sent > 20 && sent < 120],
  ])('%s', async (_what, percent, fits) => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using mirror = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(mesh(backend.address, mirror.address, percent));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    await Promise.all(Array.from({ length: 200 }, () => client.unary()));
    const sent = await countOf(proxy, 'sent');
    expect([sent, fits(sent)]).toEqual([sent, true]);
    await expect.poll(() => mirror.calls.length).toBe(sent);
    client.close();
  });

  it('that is dead costs no call, and each copy is counted as dropped', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(mesh(backend.address, '127.0.0.1:1'));
    const client = new GrpcClient(proxy.address);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => client.unary()));
    expect(outcomes.map(({ code }) => code)).toEqual(Array(50).fill('OK'));
    expect([await countOf(proxy, 'sent'), await countOf(proxy, 'dropped')]).toEqual([0, 50]);
    client.close();
  });

  it('that reads nothing holds no more than the limit, and the call is none the slower', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call) => call.reply(Buffer.from(`${call.content.length}`)),
    });
    // No credit is given back, so the copy stays where the first window ends.
    await using mirror = await scriptedBackend({ onCall: (call) => void call.socket.pause() });
    await using proxy = await startProxy(mesh(backend.address, mirror.address));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    const size = 3_000_000;
    expect(await client.unary('x'.repeat(size))).toMatchObject({ code: 'OK', messages: [`${size + 5}`] });
    await expect.poll(() => countOf(proxy, 'dropped')).toBe(1);
    client.close();
  });

  it('that never answers is given up, and of very many copies those above the limit are not made', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using mirror = await scriptedBackend({}, { maxStreams: 2 * mirrorLimits.calls });
    await using proxy = await startProxy(mesh(backend.address, mirror.address));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    const count = mirrorLimits.calls + 100;
    for (let done = 0; done < count; done += 100)
      await Promise.all(Array.from({ length: 100 }, () => client.unary()));
    expect(await countOf(proxy, 'sent')).toBe(mirrorLimits.calls);
    expect(await countOf(proxy, 'dropped')).toBe(100);
    client.close();
  });

  it('is given up where the call was answered before the request was complete', async () => {
    await using backend = await scriptedBackend({ onContent: (call) => call.trailersOnly(7) });
    await using mirror = await scriptedBackend({});
    await using proxy = await startProxy(mesh(backend.address, mirror.address));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    const call = client.bidi();
    call.on('error', () => undefined);
    const ended = new Promise((resolve) => call.on('status', resolve));
    call.write(Buffer.from('begun'));
    expect(await ended).toMatchObject({ code: 7 });
    await expect.poll(() => mirror.calls[0]?.resetCode).toBe(8);
    client.close();
  });

  it('hears when the caller gives up', async () => {
    await using backend = await scriptedBackend({});
    await using mirror = await scriptedBackend({});
    await using proxy = await startProxy(mesh(backend.address, mirror.address));
    await bothReady(proxy);
    const client = new GrpcClient(proxy.address);
    const call = client.bidi();
    call.on('error', () => undefined);
    call.write(Buffer.from('begun'));
    await expect.poll(() => mirror.calls[0]?.content.length).toBe(10);
    call.cancel();
    await expect.poll(() => [backend.calls[0]!.resetCode, mirror.calls[0]!.resetCode]).toEqual([8, 8]);
    client.close();
  });
});
