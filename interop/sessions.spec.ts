import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '@evenly/local-cluster';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';

const proxyProgram = fileURLToPath(new URL('../apps/l7-proxy/dist/main.js', import.meta.url));
const settle = { timeout: 60_000 };

/** Whoever carries the calls of a client that keeps cookies: @returns the target that it calls. */
const carriers: Record<string, (controlPlane: ControlPlane, listenPort: number) => Promise<string>> = {
  'grpc-python by itself': () => Promise.resolve('xds:///be1-srv'),
  Envoy: async ({ port }, listenPort) => {
    const envoy = await Envoy.start(envoyBootstrap('sotw', port), listenPort);
    onTestFinished(() => envoy.stop());
    return `127.0.0.1:${listenPort}`;
  },
  'l7-proxy': async ({ port }, listenPort) => {
    const command = [
      ...[process.execPath, proxyProgram, '--xds-server', `127.0.0.1:${port}`, '--exit-with-parent'],
      ...['--admin-host', '127.0.0.1', '--admin-port', '0'],
    ];
    const proxy = new ManagedProcess({ name: 'l7-proxy', command });
    onTestFinished(async () => void (await proxy.stop(5000)));
    await proxy.listening(['admin', 'edge'], 20_000);
    return `127.0.0.1:${listenPort}`;
  },
};

/** Who answers the next calls. */
async function answersTo(client: CallingClient, call: string): Promise<Set<string>> {
  const outcomes = (await client.sample([call], 30)).get(call)!;
  return new Set(outcomes.map((one) => ('from' in one ? one.from : one.error)));
}

/** A session by cookie, as a client of gRPC with a jar of cookies sees it. */
describe.each(Object.entries(carriers))('sessions: %s', (name, carry) => {
  const missing = name === 'Envoy' ? whyNot('envoy') : undefined;
  const skipped = (whyNot('grpc-python') ?? missing) !== undefined;
  beforeAll(() => (skipped ? undefined : clients['grpc-python'].prepare()), prepareTimeoutMs);

  it.skipIf(skipped)('stay when endpoints come, move once when theirs goes, and need a cookie', async () => {
    const listenPort = await freePort();
    const pods = inject('pods').filter(({ service }) => service === 'be1-srv');
    const mesh = (of: readonly { port: number }[]) =>
      JSON.stringify({
        services: {
          'be1-srv': { source: { static: { endpoints: of.map(({ port }) => `127.0.0.1:${port}`) } } },
        },
        routes: [{ to: [{ service: 'be1-srv' }], sessionPersistence: { cookie: { name: 'session' } } }],
        listeners: [{ name: 'edge', address: '127.0.0.1', port: listenPort }],
      });
    const controlPlane = await ControlPlane.start(mesh(pods.slice(0, 3)));
    onTestFinished(() => controlPlane.close());
    const target = await carry(controlPlane, listenPort);
    const [session, garbage] = [`${target}#cookies`, `${target}#cookie=session=bm90OjEyMw==; session`];
    const env = bootstrapEnv('interop-sessions', controlPlane.port);
    const client = new CallingClient(clients['grpc-python'].command, [session, garbage], env);
    onTestFinished(() => client.stop());
    const answered = (call: string) => answersTo(client, call);

    await expect.poll(() => answered(session).then(({ size }) => size), settle).toBe(1);
    const [pod] = await answered(session);
    expect(await answered(garbage)).toEqual(new Set(pods.slice(0, 3).map((one) => one.name)));

    await controlPlane.write(mesh(pods));
    await expect.poll(() => answered(garbage).then(({ size }) => size), settle).toBe(pods.length);
    expect(await answered(session)).toEqual(new Set([pod]));

    await controlPlane.write(mesh(pods.filter((one) => one.name !== pod)));
    await expect.poll(() => answered(session).then((names) => names.has(pod!)), settle).toBe(false);
    expect((await answered(session)).size).toBe(1);
    expect(client.failures(session)).toEqual([]);
    const places = client.outcomes(session).map((one) => ('from' in one ? one.from : ''));
    expect(places.filter((place, index) => index > 0 && place !== places[index - 1])).toHaveLength(1);
  });

  it.skipIf(skipped)('with two services are as docs/client-support.md says', async () => {
    const listenPort = await freePort();
    const services = ['be1-srv', 'be2-srv'];
    const of = (service: string) => inject('pods').filter((pod) => pod.service === service);
    const mesh = (weights: readonly number[]) =>
      JSON.stringify({
        services: Object.fromEntries(
          services.map((service) => [
            service,
            { source: { static: { endpoints: of(service).map(({ port }) => `127.0.0.1:${port}`) } } },
          ]),
        ),
        routes: [
          {
            to: services.map((service, index) => ({ service, weight: weights[index] })),
            sessionPersistence: { cookie: { name: 'session' } },
          },
        ],
        listeners: [{ name: 'edge', address: '127.0.0.1', port: listenPort }],
      });
    const controlPlane = await ControlPlane.start(mesh([1, 1]));
    onTestFinished(() => controlPlane.close());
    const target = await carry(controlPlane, listenPort);
    const [session, others] = [`${target}#cookies`, target];
    const env = bootstrapEnv('interop-sessions', controlPlane.port);
    const client = new CallingClient(clients['grpc-python'].command, [session, others], env);
    onTestFinished(() => client.stop());
    const isOf = (service: string) => (pod: string) => of(service).some((one) => one.name === pod);

    await expect.poll(() => answersTo(client, others).then(({ size }) => size), settle).toBeGreaterThan(2);
    const [pod, ...more] = await answersTo(client, session);
    // Envoy draws the service for each call.
    if (name === 'Envoy') return expect(more).not.toEqual([]);
    expect(more).toEqual([]);
    const [own, other] = isOf('be1-srv')(pod!) ? services : services.toReversed();
    await controlPlane.write(mesh(own === 'be1-srv' ? [0, 1] : [1, 0]));
    const othersMoved = async () => [...(await answersTo(client, others))].every(isOf(other!));
    await expect.poll(othersMoved, settle).toBe(true);
    const now = [...(await answersTo(client, session))];
    if (name === 'l7-proxy') expect(now).toEqual([pod]);
    else expect(now.every(isOf(other!))).toBe(true);
  });
});
