import { authority, secretFolder } from '@evenly/local-cluster';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { HealthCheckResponse_ServingStatus as ServingStatus } from '@evenly/proto/grpc/health/v1/health';
import { afterEach, describe, expect, it } from 'vitest';
import { healthOf, svcConfig, xdsServerProcess } from '../testing/harness.ts';

let running: Awaited<ReturnType<typeof xdsServerProcess>>;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await running.stop();
});

async function start(...args: string[]) {
  running = await xdsServerProcess(svcConfig('be1-srv'), args);
  await running.started();
}

function health(creds?: ChannelCredentials) {
  const client = healthOf(running.xdsPort(), creds);
  closers.push(() => client.close());
  return client;
}

describe('the health service of the xDS port', () => {
  it('says SERVING of the server and each of its services, and NOT_FOUND of others', async () => {
    await start();
    const { check, watch } = health();
    for (const service of ['', 'envoy.service.discovery.v3.AggregatedDiscoveryService']) {
      expect(await check(service)).toBe(ServingStatus.SERVING);
    }
    expect(await check('nobody')).toBe(-5);
    const unknown = watch('nobody');
    await expect.poll(() => unknown).toEqual([ServingStatus.SERVICE_UNKNOWN]);
  });

  it('says NOT_SERVING to those who watch, while it drains', async () => {
    await start('--drain-spread', '2s');
    const seen = health().watch('');
    await expect.poll(() => seen).toEqual([ServingStatus.SERVING]);
    expect(await running.server.stop(5000)).toMatchObject({ code: 0 });
    await expect.poll(() => seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING, 'end']);
  });

  it('is for clients on the list only, with mutual TLS', async () => {
    const ca = await authority('everybody');
    const { cert, key } = await ca.issue('server', { dnsNames: ['localhost'], ips: ['127.0.0.1'] });
    const folder = await secretFolder({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca.cert });
    closers.push(() => folder.remove());
    const files = ['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key')];
    const probe = 'spiffe://example.org/probe';
    await start(...files, '--tls-client-ca', folder.path('ca.crt'), '--allowed-clients', probe);
    const as = async (uri: string) => {
      const pair = await ca.issue('client', { uris: [uri] });
      return health(
        credentials.createSsl(Buffer.from(ca.cert), Buffer.from(pair.key), Buffer.from(pair.cert)),
      );
    };
    expect(await (await as(probe)).check('')).toBe(ServingStatus.SERVING);
    expect(await (await as('spiffe://example.org/other')).check('')).toBe(-7);
  });
});
