import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot, type ClientName } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';
import { startHoldingServer } from './testing/holding-server.ts';

/** What clients allow by themselves. */
const usualLimit = 1024;
const calls = 1100;
const patience = { timeout: 60_000 };
const callers = Array.from({ length: calls }, (_, number) => `xds:///be1-srv#x-caller=${number}`);

/** A service without `circuitBreaker` has no limit, whoever calls it. */
describe.each(['grpc-js', 'grpc-go', 'grpc-java', 'envoy'] as const)('no circuit breaker, %s', (name) => {
  const reason = whyNot(name);
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);

  it.skipIf(reason !== undefined)(`has more than ${usualLimit} calls under way at a time`, async () => {
    const server = await startHoldingServer();
    onTestFinished(() => server.stop());
    const port = await freePort();
    const config = {
      services: { 'be1-srv': { source: { static: { endpoints: [`127.0.0.1:${server.port}`] } } } },
      listeners: [{ name: 'edge', address: '127.0.0.1', port }],
    };
    const controlPlane = await ControlPlane.start(JSON.stringify(config));
    onTestFinished(() => controlPlane.close());
    const callingClients =
      name === 'envoy' ? await throughEnvoy(controlPlane, port) : [proxyless(name, controlPlane)];
    for (const client of callingClients) onTestFinished(() => client.stop());
    await expect.poll(() => server.most, patience).toBeGreaterThan(usualLimit);
    const failures = callingClients.flatMap((client) =>
      client.calls.flatMap((call) => client.failures(call)),
    );
    const refused = failures.filter((why) => !/deadline/i.test(why));
    expect(refused).toEqual([]);
  });
});

function proxyless(name: ClientName, { port }: ControlPlane): CallingClient {
  return new CallingClient(clients[name].command, callers, bootstrapEnv(`holding-${name}`, port));
}

/** Two callers, for a connection to Envoy has 1,024 streams at most. */
async function throughEnvoy(controlPlane: ControlPlane, port: number): Promise<CallingClient[]> {
  const envoy = await Envoy.start(envoyBootstrap('sotw', controlPlane.port), port);
  onTestFinished(() => envoy.stop());
  const command = [...clients['grpc-js'].command, '--through', `127.0.0.1:${port}`];
  return [callers.slice(0, calls / 2), callers.slice(calls / 2)].map(
    (half) => new CallingClient(command, half),
  );
}
