import { createServer } from 'node:net';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';
import { startHoldingServer } from './testing/holding-server.ts';

const callers = Array.from({ length: 100 }, (_, number) => `xds:///be1-srv#x-caller=${number}`);

/** `retry` on UNAVAILABLE, where the endpoints that fail do not answer at all. */
describe.each(['envoy', 'grpc-js', 'grpc-go'] as const)('retries, %s', (name) => {
  const reason = whyNot(name);
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);
  const good = inject('pods')
    .filter(({ service }) => service === 'be1-srv')
    .slice(0, 2)
    .map(({ port }) => `127.0.0.1:${port}`);

  async function start(endpoints: string[], retry: object): Promise<CallingClient> {
    const port = await freePort();
    const policy = { retry };
    const config = {
      services: { 'be1-srv': { source: { static: { endpoints } }, policy } },
      listeners: [{ name: 'edge', address: '127.0.0.1', port }],
    };
    const controlPlane = await ControlPlane.start(JSON.stringify(config));
    onTestFinished(() => controlPlane.close());
    let client: CallingClient;
    if (name === 'envoy') {
      const envoy = await Envoy.start(envoyBootstrap('sotw', controlPlane.port), port);
      onTestFinished(() => envoy.stop());
      client = new CallingClient([...clients['grpc-js'].command, '--through', `127.0.0.1:${port}`], callers);
    } else {
      client = new CallingClient(
        clients[name].command,
        callers,
        bootstrapEnv(`retries-${name}`, controlPlane.port),
      );
    }
    onTestFinished(() => client.stop());
    return client;
  }

  it.skipIf(reason !== undefined)(
    'no call fails while half of the endpoints refuse connections',
    async () => {
      const refusing = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`);
      const client = await start([...good, ...refusing], { attempts: 5 });
      await client.sample(callers, 5);
      expect(callers.flatMap((call) => client.failures(call))).toEqual([]);
    },
  );

  it.skipIf(reason !== undefined)('no call fails while half of the endpoints reset connections', async () => {
    const resetting = await startResetting();
    const client = await start([...good, ...resetting], { attempts: 5 });
    await client.sample(callers, 5);
    expect(callers.flatMap((call) => client.failures(call))).toEqual([]);
  });

  // gRPC clients have no such time-out (gRFC A44).
  it.skipIf(reason !== undefined || name !== 'envoy')(
    'an attempt that perTryTimeout ends goes to another endpoint',
    async () => {
      const holding = await startHoldingServer();
      onTestFinished(() => holding.stop());
      const endpoints = [...good, `127.0.0.1:${holding.port}`];
      const client = await start(endpoints, { attempts: 5, perTryTimeout: '500ms' });
      await client.sample(callers.slice(0, 10), 5);
      expect(callers.flatMap((call) => client.failures(call))).toEqual([]);
    },
  );
});

/** Two servers that take a connection, wait for the first bytes, and reset it. */
async function startResetting(): Promise<string[]> {
  const start = async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.resetAndDestroy());
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    onTestFinished(() => void server.close());
    return `127.0.0.1:${port}`;
  };
  return [await start(), await start()];
}
