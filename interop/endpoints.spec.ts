import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { ControlPlane } from './testing/control-plane.ts';
import { plainCall } from './testing/mesh.ts';
import { band } from './testing/shares.ts';

const settle = { timeout: 60_000 };
const sampleCalls = 1000;

describe.each(['grpc-js', 'grpc-go', 'grpc-python', 'grpc-java'] as const)('endpoints, %s', (name) => {
  const reason = whyNot(name);
  const pods = inject('pods').filter(({ service }) => service === 'be1-srv');
  const at = (index: number, weight = 1) => ({ address: '127.0.0.1', port: pods[index]!.port, weight });
  beforeAll(() => clients[name].prepare().then(() => undefined), prepareTimeoutMs);

  async function start(config: object) {
    const controlPlane = await ControlPlane.start(JSON.stringify(config));
    onTestFinished(() => controlPlane.close());
    const env = bootstrapEnv(`endpoints-${name}`, controlPlane.port);
    const client = new CallingClient(clients[name].command, [plainCall], env);
    onTestFinished(() => client.stop());
    /** How many of the next calls each pod answered; failed ones are under their reason. */
    const answers = async (count: number) => {
      const outcomes = (await client.sample([plainCall], count)).get(plainCall)!.slice(0, count);
      const counts: Record<string, number> = {};
      for (const outcome of outcomes) {
        const who = 'from' in outcome ? outcome.from : outcome.error;
        counts[who] = (counts[who] ?? 0) + 1;
      }
      return counts;
    };
    return { controlPlane, answers };
  }

  it.skipIf(reason !== undefined).each(['round-robin', 'least-request'])(
    'share calls by their weights, %s',
    async (loadBalancing) => {
      const endpoints = [at(0, 1), at(1, 9)];
      const service = { source: { static: { endpoints } }, policy: { loadBalancing } };
      const { controlPlane, answers } = await start({ services: { 'be1-srv': service } });
      const names = [pods[0]!.name, pods[1]!.name].sort();
      await expect.poll(async () => Object.keys(await answers(50)).sort(), settle).toEqual(names);
      const counts = await answers(sampleCalls);
      const { least, most } = band(sampleCalls, 0.1);
      expect(Object.keys(counts).sort()).toEqual(names);
      expect(counts[pods[0]!.name]).toBeGreaterThanOrEqual(least);
      expect(counts[pods[0]!.name]).toBeLessThanOrEqual(most);
      expect(await controlPlane.metric('evenly_xds_nacks_total')).toBe(0);
    },
  );

  it.skipIf(reason !== undefined)(
    'of others are taken up while the source of one service says nothing',
    async () => {
      const config = (endpoint: object, routes: object[] = [], more: object = {}) => ({
        services: { 'be1-srv': { source: { static: { endpoints: [endpoint] } } }, ...more },
        routes: [...routes, { match: { authority: 'be1-srv' }, to: [{ service: 'be1-srv' }] }],
      });
      const { controlPlane, answers } = await start(config(at(0)));
      await expect.poll(() => answers(20), settle).toEqual({ [pods[0]!.name]: 20 });
      // The file is not there; nobody takes the route.
      const canary = { source: { file: { path: '/nowhere/endpoints.json' } } };
      const headers = [{ name: 'x-canary', exact: 'nobody' }];
      const route = { match: { authority: 'be1-srv', headers }, to: [{ service: 'canary' }] };
      await controlPlane.write(JSON.stringify(config(at(1), [route], { canary })));
      await expect.poll(() => answers(20), settle).toEqual({ [pods[1]!.name]: 20 });
    },
  );
});
