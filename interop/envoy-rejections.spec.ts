import { createServer, type Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';

/** Longer than Envoy's back-off after a restart of the server, and than ours before the first new attempt. */
const patienceMs = 40_000;

const reason = whyNot('envoy');

/** Envoy cannot have a listener whose port another program has: the rest of its config must not suffer from it. */
describe.skipIf(reason !== undefined)(reason ?? 'an Envoy that cannot bind one of its listeners', () => {
  beforeAll(() => clients.envoy.prepare().then(() => undefined), prepareTimeoutMs);
  let squatter: Server;
  let controlPlane: ControlPlane;
  let envoy: Envoy;
  afterEach(async () => {
    await envoy?.stop();
    await controlPlane?.close();
    squatter.close();
  });

  it.each(['sotw', 'delta', 'separate'] as const)('keeps the good one, %s', async (variant) => {
    const [good, bad] = [await freePort(), await freePort()];
    // `reuse_port` lets two programs share a port of which both say so; this one does not.
    squatter = createServer().listen(bad, '127.0.0.1');
    const mesh = (timeout: string, grpcWeb: boolean) =>
      JSON.stringify({
        services: { 'be1-srv': { source: { static: { endpoints: ['127.0.0.1:1'] } } } },
        listeners: [
          { name: 'bad', address: '127.0.0.1', port: bad },
          { name: 'good', address: '127.0.0.1', port: good, grpcWeb },
        ],
        routes: [{ match: { authority: 'be1-srv' }, to: [{ service: 'be1-srv' }], timeout }],
      });
    const listeners = async () => (await envoy.get('/listeners')).match(/127\.0\.0\.1:\d+/g) ?? [];
    /** Which version of the route, and which of the good listener, is at work. */
    const atWork = async () => {
      const { dynamic_listeners: all, dynamic_route_configs: routes } = await envoy.configDump();
      const active = JSON.stringify(all.find(({ name }) => name === 'good')?.active_state);
      const [, timeout] = /"timeout":"(\ds)"/.exec(JSON.stringify(routes)) ?? [];
      return { timeout, grpcWeb: active.includes('grpc_web') };
    };

    controlPlane = await ControlPlane.start(mesh('3s', false));
    envoy = await Envoy.start(envoyBootstrap(variant, controlPlane.port), good);
    await expect.poll(() => controlPlane.metric('evenly_xds_nacks_total')).toBeGreaterThan(0);
    await controlPlane.write(mesh('4s', true));
    await expect.poll(() => atWork()).toEqual({ timeout: '4s', grpcWeb: true });
    expect(await listeners()).toEqual([`127.0.0.1:${good}`]);

    await controlPlane.stop();
    await controlPlane.write(mesh('5s', false));
    await controlPlane.start();
    await expect.poll(() => atWork(), { timeout: patienceMs }).toEqual({ timeout: '5s', grpcWeb: false });
    await controlPlane.write(mesh('6s', true));
    await expect.poll(() => atWork()).toEqual({ timeout: '6s', grpcWeb: true });
    expect(await listeners()).toEqual([`127.0.0.1:${good}`]);
    expect(await controlPlane.metric('evenly_xds_nacks_total')).toBeLessThan(5);

    await new Promise((resolve) => squatter.close(resolve));
    await expect
      .poll(async () => (await listeners()).sort(), { timeout: patienceMs })
      .toEqual([`127.0.0.1:${good}`, `127.0.0.1:${bad}`].sort());
  });
});
