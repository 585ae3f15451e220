import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, serviceNameLabel } from '@evenly/local-cluster';
import { HealthCheckResponse_ServingStatus as ServingStatus } from '@evenly/proto/grpc/health/v1/health';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { healthOf, xdsServerProcess } from './testing/harness.ts';

let api: KubeApi;
let running: Awaited<ReturnType<typeof xdsServerProcess>> | undefined;
beforeEach(async () => {
  api = await new KubeApi().start();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await api.stop();
});

const ofKubernetes = (service: string, port = 'grpc') =>
  `  ${service}: { source: { kubernetes: { service: ${service}, namespace: default, port: ${port} } } }\n`;
const ofFile = (service: string) => `  ${service}: { source: { static: { endpoints: ["10.0.0.9:9"] } } }\n`;
const configOf = (...services: string[]) => `services:\n${services.join('')}`;

function putSlice(service: string): void {
  api.store.put({
    metadata: { name: service, namespace: 'default', labels: { [serviceNameLabel]: service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ name: 'grpc', protocol: 'TCP', port: 50051 }],
  });
}

async function start(config: string, ...args: string[]) {
  const kubeconfig = join(tmpdir(), `evenly-kubeconfig-${process.pid}`);
  const cluster = {
    clusters: [{ name: 'a', cluster: { server: api.url } }],
    users: [{ name: 'a', user: {} }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  await writeFile(kubeconfig, JSON.stringify(cluster));
  running = await xdsServerProcess(config, ['--kubeconfig', kubeconfig, ...args]);
  await running.started();
  const { admin } = running;
  return {
    ...running,
    ready: async () => {
      const response = await admin('/readyz');
      return { status: response.status, text: await response.text() };
    },
  };
}
const ready = { status: 200, text: 'ready\n' };

describe('an xds-server', () => {
  it('that may not ask is not ready, says why, and serves its port; once it was told it stays ready', async () => {
    putSlice('be1-srv');
    api.faults.forbid = ['list', 'watch'];
    const server = await start(configOf(ofKubernetes('be1-srv'), ofFile('be2-srv')));
    const refused = /^not ready, waits for\n {2}source be1-srv: .*RBAC allows no "list".*\n$/;
    await expect.poll(server.ready).toMatchObject({
      status: 503,
      text: expect.stringMatching(refused) as string,
    });
    expect(await server.status()).toMatchObject({ waiting: [{ gate: 'source be1-srv' }] });
    expect(await (await server.admin('/')).text()).toContain('waits for source be1-srv.');
    const health = healthOf(server.xdsPort());
    expect(await health.check('')).toBe(ServingStatus.NOT_SERVING);
    const client = server.client();
    client.subscribe('endpoints', 'be2-srv-cluster');
    await expect.poll(() => client.ports('be2-srv-cluster')).toEqual([9]);

    api.faults.forbid = [];
    await expect.poll(server.ready, { timeout: 40_000 }).toEqual(ready);
    expect(await health.check('')).toBe(ServingStatus.SERVING);
    await api.stop();
    await expect.poll(() => server.metric('evenly_source_errors_total')).toBeGreaterThan(1);
    expect(await server.ready()).toEqual(ready);
    health.close();
    client.close();
  }, 60_000);

  it('does not wait for an API that knows no endpoints: an empty set is an answer, too', async () => {
    const server = await start(configOf(ofKubernetes('be1-srv')));
    await expect.poll(server.ready).toEqual(ready);
  });

  it('waits for the services of its first config as long as they stand there, and for none that come later', async () => {
    api.faults.answer = 'hang';
    const server = await start(configOf(ofKubernetes('be1-srv'), ofFile('be2-srv')));
    expect(await server.ready()).toEqual({
      status: 503,
      text: 'not ready, waits for\n  source be1-srv: has not answered yet\n',
    });
    await server.rewriteConfig(configOf(ofKubernetes('be3-srv'), ofFile('be2-srv')));
    await expect.poll(server.ready).toEqual(ready);
    expect(await server.status()).toMatchObject({ services: [{ name: 'be2-srv' }, { name: 'be3-srv' }] });
  });

  it('does in the end without a service that is at fault itself, and says so', async () => {
    putSlice('be1-srv');
    const wrong = configOf(ofKubernetes('be1-srv', 'http'), ofFile('be2-srv'));
    const server = await start(wrong, '--ready-after', '0s');
    await expect.poll(server.ready).toEqual(ready);
    expect(server.server.log.text).toContain('ready without some');
  });
});
