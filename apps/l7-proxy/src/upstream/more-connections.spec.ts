import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

/** Streams that stay open. @returns how to end them */
function openStreams(client: GrpcClient, count: number) {
  const calls = Array.from({ length: count }, () => client.bidi(60_000));
  const ended = calls.map(
    (call) =>
      new Promise<number>((resolve) => call.on('error', () => {}).on('status', ({ code }) => resolve(code))),
  );
  for (const call of calls) call.write(Buffer.from('x'));
  return { cancel: () => calls.forEach((call) => call.cancel()), ended };
}

describe('connections to an endpoint', () => {
  it('grow with the streams that it has, beyond any fixed number', async () => {
    await using backend = await scriptedBackend({ onCall: (call) => call.answer() }, { maxStreams: 5 });
    await using proxy = await startProxy(oneService([backend.address]), ['--connect-wait', '30s']);
    const client = new GrpcClient(proxy.address);
    const streams = openStreams(client, 121);
    await expect.poll(() => backend.calls.length, { timeout: 20_000 }).toBe(121);
    expect(backend.connections).toBe(25);
    streams.cancel();
    client.close();
  });

  it('are no more than the circuit breaker allows, whatever number that is', async () => {
    await using backend = await scriptedBackend({ onCall: (call) => call.answer() }, { maxStreams: 2 });
    await using proxy = await startProxy(
      oneService([backend.address], '    policy: { circuitBreaker: { maxConnections: 20 } }'),
      ['--connect-wait', '2s'],
    );
    const client = new GrpcClient(proxy.address);
    const streams = openStreams(client, 43);
    await expect.poll(() => backend.calls.length, { timeout: 20_000 }).toBe(40);
    const refused: number[] = [];
    for (const ended of streams.ended) void ended.then((code) => refused.push(code));
    await expect.poll(() => refused, { timeout: 10_000 }).toEqual([14, 14, 14]);
    expect(backend.connections).toBe(20);
    streams.cancel();
    client.close();
  });

  it('stay one for an endpoint that takes no streams', async () => {
    await using backend = await scriptedBackend({}, { maxStreams: 0 });
    await using proxy = await startProxy(oneService([backend.address]), ['--connect-wait', '200ms']);
    const client = new GrpcClient(proxy.address);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => client.unary()));
    expect(outcomes.map(({ code }) => code)).toEqual(Array(10).fill('UNAVAILABLE'));
    expect(backend.connections).toBe(1);
    client.close();
  });

  it('that are full are left for one with room as soon as it has some', async () => {
    await using backend = await scriptedBackend({ onCall: (call) => call.answer() }, { maxStreams: 1 });
    await using proxy = await startProxy(
      oneService([backend.address], '    policy: { circuitBreaker: { maxConnections: 3 } }'),
      ['--connect-wait', '30s'],
    );
    const client = new GrpcClient(proxy.address);
    const streams = openStreams(client, 6);
    for (let ended = 0; ended < 6; ended++) {
      await expect.poll(() => backend.calls.length).toBeGreaterThan(ended);
      backend.calls[ended]!.trailers();
    }
    expect(await Promise.all(streams.ended)).toEqual(Array(6).fill(0));
    expect(backend.connections).toBe(3);
    client.close();
  });
});
