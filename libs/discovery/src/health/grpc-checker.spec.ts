import { afterEach, beforeEach, expect, it } from 'vitest';
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
