import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

const wait = { timeout: 15_000 };
const mesh = (...endpoints: object[]) =>
  JSON.stringify({
    services: { echo: { source: { static: { endpoints } } } },
    routes: [{ match: {}, to: [{ service: 'echo' }] }],
  });

/** The backends listen at 127.0.0.1 alone. */
describe('an endpoint with several addresses (gRFC A61)', () => {
  it('is one endpoint with one share, reached at the address that connects', async () => {
    await using one = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using two = await scriptedBackend({ onEnd: (call) => call.reply() });
    const elsewhere = { address: '127.0.0.2', port: one.port, additionalAddresses: ['::1', '127.0.0.1'] };
    const there = { address: '127.0.0.1', port: two.port, additionalAddresses: ['127.0.0.2'] };
    await using proxy = await startProxy(mesh(elsewhere, there));
    const endpoints = () => proxy.status().services[0]!.endpoints;
    await expect.poll(() => endpoints().map(({ state }) => state), wait).toEqual(['ready', 'ready']);
    const client = new GrpcClient(proxy.address);
    const answers = await Promise.all(Array.from({ length: 40 }, () => client.unary('')));
    expect(answers.map(({ code }) => code)).toEqual(Array(40).fill('OK'));
    expect([one.calls.length, two.calls.length]).toEqual([20, 20]);
    client.close();
  });

  it('is unreachable where none of them connects, and found when one does', async () => {
    const gone = await scriptedBackend({ onEnd: (call) => call.reply() });
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    const endpoint = { address: '127.0.0.2', port, additionalAddresses: ['127.0.0.3', '127.0.0.1'] };
    await using proxy = await startProxy(mesh(endpoint));
    const states = () => proxy.status().services[0]!.endpoints.map(({ state }) => state);
    await expect.poll(states, wait).toEqual(['unreachable']);
    await using back = await scriptedBackend({ onEnd: (call) => call.reply() }, { port });
    await expect.poll(states, wait).toEqual(['ready']);
    expect(back.connections).toBe(1);
  });
});
