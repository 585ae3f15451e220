import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';
import { plainCall } from './testing/mesh.ts';
import { evennessFaults } from './testing/shares.ts';

const settle = { timeout: 60_000 };
const sampleCalls = 500;
/** Without it grpc-java (1.85) reads the first address only. */
const javaNeeds = { GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS: 'true' };

describe.each(['grpc-js', 'grpc-go', 'grpc-python', 'grpc-java', 'envoy'] as const)(
  'endpoints of both address families, %s',
  (name) => {
    const reason = whyNot(name);
    const pods = inject('pods')
      .filter(({ service }) => service === 'be1-srv')
      .slice(0, 2);
    const names = pods.map((pod) => pod.name).sort();
    beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);

    it.skipIf(reason !== undefined)('are one each, reached at the address that connects', async () => {
      const listenPort = await freePort();
      // The pods listen at 127.0.0.1 alone: one is reached at its first address, one at its second.
      const endpoints = [
        { address: '127.0.0.1', port: pods[0]!.port, additionalAddresses: ['::1'] },
        { address: '::1', port: pods[1]!.port, additionalAddresses: ['127.0.0.1'] },
      ];
      const config = {
        services: { 'be1-srv': { source: { static: { endpoints } } } },
        listeners: [{ name: 'edge', address: '127.0.0.1', port: listenPort }],
      };
      const controlPlane = await ControlPlane.start(JSON.stringify(config));
      onTestFinished(() => controlPlane.close());
      const client =
        name === 'envoy'
          ? await throughEnvoy(controlPlane, listenPort)
          : new CallingClient(clients[name].command, [plainCall], {
              ...bootstrapEnv(`dual-${name}`, controlPlane.port),
              ...(name === 'grpc-java' ? javaNeeds : {}),
            });
      onTestFinished(() => client.stop());
      const next = async (count: number) => (await client.sample([plainCall], count)).get(plainCall)!;
      const whoAnswers = async () =>
        [...new Set((await next(20)).map((one) => ('from' in one ? one.from : one.error)))].sort();
      await expect.poll(whoAnswers, settle).toEqual(names);
      const sample = await next(sampleCalls);
      expect(sample.filter((outcome) => 'error' in outcome)).toEqual([]);
      expect(evennessFaults(sample, names)).toEqual([]);
      expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
    });
  },
);

async function throughEnvoy(controlPlane: ControlPlane, port: number): Promise<CallingClient> {
  const envoy = await Envoy.start(envoyBootstrap('sotw', controlPlane.port), port);
  onTestFinished(() => envoy.stop());
  return new CallingClient([...clients['grpc-js'].command, '--through', `127.0.0.1:${port}`], [plainCall]);
}
