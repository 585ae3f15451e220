import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { Envoy } from './testing/envoy.ts';
import { envoyBootstrap } from './testing/envoy-bootstrap.ts';
import { freePort } from './testing/free-port.ts';

const call = 'xds:///be1-srv#x-canary=always';
const reason = whyNot('envoy');

describe.skipIf(reason !== undefined)(reason ?? 'a regex that is large for Envoy', () => {
  beforeAll(() => clients.envoy.prepare().then(() => undefined), prepareTimeoutMs);

  it('is taken, in paths and in headers, and so are the other routes', async () => {
    const port = await freePort();
    // Words that have nothing in common, so that the program cannot be made smaller.
    const wordOf = (index: number) => createHash('sha256').update(`${index}`).digest('hex').slice(0, 12);
    const words = Array.from({ length: 60 }, (_, index) => wordOf(index)).join('|');
    const large = `(${words}|always|/echo.*)`;
    const endpointOf = (name: string) => {
      const pod = inject('pods').find(({ service }) => service === name)!;
      return { name: pod.name, source: { static: { endpoints: [`127.0.0.1:${pod.port}`] } } };
    };
    const [one, two] = [endpointOf('be1-srv'), endpointOf('be2-srv')];
    const match = { path: { regex: large }, headers: [{ name: 'x-canary', regex: large }] };
    const config = {
      services: { 'be1-srv': { source: one.source }, 'be2-srv': { source: two.source } },
      listeners: [{ name: 'edge', address: '127.0.0.1', port }],
      routes: [{ match, to: [{ service: 'be2-srv' }] }],
    };
    const controlPlane = await ControlPlane.start(JSON.stringify(config));
    onTestFinished(() => controlPlane.close());
    const envoy = await Envoy.start(envoyBootstrap('sotw', controlPlane.port), port);
    onTestFinished(() => envoy.stop());
    const command = [...clients['grpc-js'].command, '--through', `127.0.0.1:${port}`];
    const client = new CallingClient(command, [call, 'xds:///be1-srv']);
    onTestFinished(() => client.stop());
    const answers = async () => {
      const sample = await client.sample([call, 'xds:///be1-srv'], 5);
      return [...sample.values()].map((outcomes) => outcomes.at(-1));
    };
    await expect.poll(answers, { timeout: 30_000 }).toEqual([{ from: two.name }, { from: one.name }]);
    expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
  });
});
