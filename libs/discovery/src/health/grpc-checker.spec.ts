import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { healthServer } from '../testing/health-server.ts';
import { grpcHealthChecker, type HealthCheckOptions } from './grpc-checker.ts';

let pod: Awaited<ReturnType<typeof healthServer>>;
beforeEach(async () => void (pod = await healthServer()));
afterEach(() => pod.stop());

async function check(own: Partial<HealthCheckOptions>, port = pod.endpoint.port) {
  const checker = grpcHealthChecker({ grpcService: '', timeoutMs: 5000, ...own });
  const verdict = await checker.check({ ...pod.endpoint, port });
  checker.close();
  return verdict;
}

it('asks for the address that it calls, where nothing else is said', async () => {
  expect(await check({})).toEqual({ kind: 'serving' });
  expect(pod.authorities).toEqual([`127.0.0.1:${pod.endpoint.port}`]);
});

it('asks for the authority that it is given', async () => {
  expect(await check({ authority: 'shop.example.org:8443' })).toEqual({ kind: 'serving' });
  expect(pod.authorities).toEqual(['shop.example.org:8443']);
});

it('asks at another port of the same address', async () => {
  expect(await check({ port: pod.endpoint.port }, 1)).toEqual({ kind: 'serving' });
  expect(pod.asked).toEqual(['']);
});

it('asks at the next address of an endpoint where nobody answers at the first', async () => {
  const checker = grpcHealthChecker({ grpcService: '', timeoutMs: 5000 });
  const elsewhere = { ...pod.endpoint, address: '127.0.0.2', additionalAddresses: ['127.0.0.1'] };
  expect(await checker.check(elsewhere)).toEqual({ kind: 'serving' });
  pod.behave('not-serving');
  expect(await checker.check(elsewhere)).toEqual({ kind: 'not-serving', reason: 'NOT_SERVING' });
  checker.close();
});

describe('an endpoint that does not answer in time', () => {
  it('is slow where it takes connections', async () => {
    pod.behave('hang');
    expect(await check({ timeoutMs: 100 })).toEqual({
      kind: 'slow',
      reason: 'no answer within 100 ms, but it takes connections',
    });
  });

  it('is slow also when it is too busy to speak HTTP/2', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect(await check({ timeoutMs: 100 }, port)).toMatchObject({ kind: 'slow' });
    silent.close();
  });

  it('has given no answer where nobody takes connections', async () => {
    // TEST-NET-1 (RFC 5737) is nowhere: packets are dropped, or there is no route.
    const checker = grpcHealthChecker({ grpcService: '', timeoutMs: 100 });
    const nowhere = { address: '192.0.2.1', port: 1, state: 'ready' } as const;
    expect(await checker.check(nowhere)).toMatchObject({ kind: 'no-answer' });
    checker.close();
  });

  it('is not blamed for a checker that is busy itself', async () => {
    const checker = grpcHealthChecker({ grpcService: '', timeoutMs: 100 });
    const verdict = checker.check(pod.endpoint);
    const endMs = performance.now() + 400;
    while (performance.now() < endMs);
    expect(await verdict).toEqual({ kind: 'serving' });
    checker.close();
  });
});
