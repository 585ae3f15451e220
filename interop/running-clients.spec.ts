import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient, type Outcome } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { startFailingServer } from './testing/failing-server.ts';
import { plainCall } from './testing/mesh.ts';

/** What a client is told has to arrive; its own back-offs are up to 30 s. */
const settle = { timeout: 60_000 };
const testTimeoutMs = 240_000;
const failed = (outcome: Outcome) => 'error' in outcome;

/** What a client takes up that has run for a while, as one does that is started afterwards. */
describe.each(['grpc-js', 'grpc-go', 'grpc-python', 'grpc-java'] as const)(
  '%s, while it runs',
  { timeout: testTimeoutMs },
  (name) => {
    const reason = whyNot(name);
    const good = inject('pods')
      .filter(({ service }) => service === 'be1-srv')
      .slice(0, 2)
      .map(({ port }) => `127.0.0.1:${port}`);
    const service = (policy: object = {}, endpoints = good) => ({
      source: { static: { endpoints } },
      policy,
    });
    const mesh = (services: Record<string, object>, routes: object[] = []) =>
      JSON.stringify({ services, routes });
    beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);

    async function start(config: string) {
      const controlPlane = await ControlPlane.start(config);
      onTestFinished(() => controlPlane.close());
      const env = bootstrapEnv(`running-${name}`, controlPlane.port);
      const client = new CallingClient(clients[name].command, [plainCall], env);
      onTestFinished(() => client.stop());
      /** The newest calls: how many of them failed. */
      const failures = async (count = 20) =>
        (await client.sample([plainCall], count)).get(plainCall)!.slice(0, count).filter(failed).length;
      await expect.poll(failures, settle).toBe(0);
      return { controlPlane, client, failures };
    }

    it.skipIf(reason !== undefined)(
      'a service that is taken out and put back is served again, each time',
      async () => {
        const whole = mesh({ 'be1-srv': service(), 'be2-srv': service() });
        const { controlPlane, failures } = await start(whole);
        for (let round = 0; round < 2; round++) {
          await controlPlane.write(mesh({ 'be2-srv': service() }));
          await expect.poll(() => failures(5), settle).toBe(5);
          await controlPlane.write(whole);
          await expect.poll(failures, settle).toBe(0);
        }
      },
    );

    it.skipIf(reason !== undefined)('so is one that is put back while the server is away', async () => {
      const whole = mesh({ 'be1-srv': service(), 'be2-srv': service() });
      const { controlPlane, failures } = await start(whole);
      await controlPlane.write(mesh({ 'be2-srv': service() }));
      await expect.poll(() => failures(5), settle).toBe(5);
      await controlPlane.stop();
      await controlPlane.write(whole);
      await controlPlane.start();
      await expect.poll(failures, settle).toBe(0);
    });

    it.skipIf(reason !== undefined)('a fault that is added to a route is injected', async () => {
      const route = (fault?: object) => [
        { match: { authority: 'be1-srv' }, to: [{ service: 'be1-srv' }], fault },
      ];
      const { controlPlane, failures } = await start(mesh({ 'be1-srv': service() }, route()));
      await controlPlane.write(mesh({ 'be1-srv': service() }, route({ abort: { code: 'UNAVAILABLE' } })));
      await expect.poll(failures, settle).toBe(20);
      await controlPlane.write(mesh({ 'be1-srv': service() }, route()));
      await expect.poll(failures, settle).toBe(0);
    });

    it.skipIf(reason !== undefined)(
      'outlier detection that is added takes a failing endpoint out',
      async () => {
        const failing = await startFailingServer(status.UNAVAILABLE);
        onTestFinished(() => failing.stop());
        const { controlPlane, failures } = await start(mesh({ 'be1-srv': service() }));
        const endpoints = [...good, `127.0.0.1:${failing.port}`];
        await controlPlane.write(mesh({ 'be1-srv': service({}, endpoints) }));
        await expect.poll(failures, settle).toBeGreaterThan(0);
        const failurePercentage = { thresholdPercent: 50, minimumHosts: 2, requestVolume: 5 };
        const outlierDetection = {
          interval: '2s', // on a busy machine a client makes less than five calls in half a second
          baseEjectionTime: '60s',
          maxEjectionPercent: 50,
          failurePercentage,
        };
        await controlPlane.write(mesh({ 'be1-srv': service({ outlierDetection }, endpoints) }));
        await expect.poll(failures, settle).toBe(0);
        expect(await failures(100)).toBe(0);
      },
    );
  },
);
