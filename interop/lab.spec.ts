import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapEnv } from './testing/bootstrap.ts';
import { CallingClient } from './testing/calling-client.ts';
import { clients, prepareTimeoutMs, whyNot } from './testing/clients.ts';
import { startLab } from './testing/lab.ts';

const reason = whyNot('grpc-go');
const services = ['xds:///be1-srv', 'xds:///be2-srv'];
/** Enough that round robin meets every pod. */
const calls = 50;

/** The lab's own way: svc_config.json, endpoints from DNS SRV, health checks. */
describe.skipIf(reason !== undefined)(reason ?? 'grpc-go against the lab', () => {
  let lab: Awaited<ReturnType<typeof startLab>>;
  let client: CallingClient;
  beforeAll(clients['grpc-go'].prepare, prepareTimeoutMs);
  beforeAll(async () => {
    lab = await startLab();
    const env = bootstrapEnv('interop-lab', await lab.xdsPort());
    client = new CallingClient(clients['grpc-go'].command, services, env);
  });
  afterAll(async () => {
    await client?.stop();
    await lab?.stop();
  });

  const podsThatRespond = async (service: string) => {
    const sample = await client.sample([service], calls);
    return new Set(sample.get(service)!.map((outcome) => ('from' in outcome ? outcome.from : outcome.error)));
  };

  it('reaches both pods of both services at once', async () => {
    expect(await podsThatRespond(services[0]!)).toEqual(new Set(['be1-srv-1', 'be1-srv-2']));
    expect(await podsThatRespond(services[1]!)).toEqual(new Set(['be2-srv-1', 'be2-srv-2']));
  });

  it('reaches the pods of a scale-out, and no call fails', async () => {
    await lab.scale('be1-srv', 5);
    await expect.poll(() => podsThatRespond(services[0]!), { timeout: 45_000 }).toHaveProperty('size', 5);
    expect(services.flatMap((service) => client.failures(service))).toEqual([]);
  });
});
