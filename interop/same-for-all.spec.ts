import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient, type Outcome } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { startFailingServer } from './testing/failing-server.ts';
import { startHoldingServer } from './testing/holding-server.ts';
import { plainCall } from './testing/mesh.ts';

const settle = { timeout: 60_000 };
const attempts = 5;
const maxRequests = 10;

/** What clients read in ways of their own elsewhere, in the form in which all of them read it alike. */
describe.each(['grpc-js', 'grpc-go', 'grpc-python', 'grpc-java'] as const)('%s', (name) => {
  const reason = whyNot(name);
  const pod = inject('pods').find(({ service }) => service === 'be1-srv')!;
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);

  async function start(port: number, policy: object, calls: readonly string[]) {
    const service = { source: { static: { endpoints: [`127.0.0.1:${port}`] } }, policy };
    const controlPlane = await ControlPlane.start(JSON.stringify({ services: { 'be1-srv': service } }));
    onTestFinished(() => controlPlane.close());
    const env = bootstrapEnv(`same-${name}`, controlPlane.port);
    const client = new CallingClient(clients[name].command, calls, env);
    onTestFinished(() => client.stop());
    return client;
  }

  it.skipIf(reason !== undefined)('finds the routes of a target in any case', async () => {
    const target = 'xds:///BE1-Srv';
    const client = await start(pod.port, {}, [target]);
    const newest = async () => (await client.sample([target], 5)).get(target)!.slice(0, 5);
    await expect.poll(newest, settle).toEqual(Array<Outcome>(5).fill({ from: pod.name }));
  });

  it.skipIf(reason !== undefined)(`makes ${attempts} attempts`, async () => {
    const server = await startFailingServer(status.UNAVAILABLE);
    onTestFinished(() => server.stop());
    const retry = { attempts, backoff: { base: '1ms', max: '1ms' } };
    const client = await start(server.port, { retry }, [plainCall]);
    await client.sample([plainCall], 100);
    await client.stop();
    const failures = client.failures(plainCall);
    const ofServer = failures.filter((why) => why.includes('fails every call')).length;
    expect(ofServer).toBe(failures.length);
    // The last call may have been under way.
    expect(server.calls).toBeGreaterThanOrEqual(attempts * ofServer);
    expect(server.calls).toBeLessThanOrEqual(attempts * (ofServer + 1));
  });

  // Calls that are begun in one go pass it in Node: that is in docs/client-support.md.
  it.skipIf(reason !== undefined || name === 'grpc-js')(
    `has at most ${maxRequests} calls under way with that maxRequests`,
    async () => {
      const server = await startHoldingServer();
      onTestFinished(() => server.stop());
      const calls = Array.from({ length: 50 }, (_, number) => `${plainCall}#x-caller=${number}`);
      const client = await start(server.port, { circuitBreaker: { maxRequests } }, calls);
      await expect.poll(() => server.most, settle).toBeGreaterThanOrEqual(maxRequests);
      await client.sample(calls.slice(0, 1), 1);
      await expect
        .poll(() => calls.flatMap((call) => client.failures(call)).length, settle)
        .toBeGreaterThanOrEqual(40);
      expect(server.most).toBe(maxRequests);
    },
  );
});
