import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

const defaultCodes = [2, 4, 12, 13, 14, 15];
const outliers = (more = '') => `    policy: { outlierDetection: { consecutiveFailures: 3${more} } }`;

/** Whether one endpoint of two that answers every call so is ejected in 40 calls. */
async function isEjected(status: number, policy: string): Promise<boolean> {
  await using bad = await scriptedBackend({ onEnd: (call) => call.trailersOnly(status) });
  await using good = await scriptedBackend({ onEnd: (call) => call.reply() });
  await using proxy = await startProxy(oneService([bad.address, good.address], policy));
  const client = new GrpcClient(proxy.address);
  const states = () => proxy.status().services[0]!.endpoints.map(({ state }) => state);
  await expect.poll(states).toEqual(['ready', 'ready']);
  for (let count = 0; count < 40; count++) await client.unary();
  client.close();
  return states().includes('ejected');
}

describe('which answers eject an endpoint', () => {
  it.each(Array.from({ length: 17 }, (_, status) => status))('by default: status %d', async (status) => {
    expect(await isEjected(status, outliers())).toBe(defaultCodes.includes(status));
  });

  it.each([
    [12, false],
    [8, true],
  ])('as the config says: status %d', async (status, expected) => {
    expect(await isEjected(status, outliers(', failureCodes: [UNAVAILABLE, RESOURCE_EXHAUSTED]'))).toBe(
      expected,
    );
  });

  it('a method that no endpoint has does not take the service away', async () => {
    const backends = await Promise.all(
      Array.from({ length: 4 }, () => scriptedBackend({ onEnd: (call) => call.trailersOnly(12) })),
    );
    await using proxy = await startProxy(
      oneService(
        backends.map(({ address }) => address),
        outliers(),
      ),
    );
    const client = new GrpcClient(proxy.address);
    const states = () => proxy.status().services[0]!.endpoints.map(({ state }) => state);
    await expect.poll(states).toEqual(Array(4).fill('ready'));
    for (let count = 0; count < 60; count++) expect((await client.unary()).code).toBe('UNIMPLEMENTED');
    expect(states().filter((state) => state === 'ejected')).toHaveLength(1);
    client.close();
    await Promise.all(backends.map((backend) => backend.close()));
  });
});
