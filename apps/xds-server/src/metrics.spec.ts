import { afterEach, beforeEach, expect, it } from 'vitest';
import { typeUrlOf } from '@evenly/xds';
import { servingPod, svcConfig, xdsServerProcess } from './testing/harness.ts';

let pods: Awaited<ReturnType<typeof servingPod>>[];
let server: Awaited<ReturnType<typeof xdsServerProcess>>;
beforeEach(async () => {
  pods = await Promise.all([servingPod(), servingPod()]);
  server = await xdsServerProcess(svcConfig('be1-srv', 'be2-srv'));
  await server.started();
});
afterEach(async () => {
  await server.stop();
  for (const pod of pods) pod.stop();
});

/** All samples of a metric, from labels to value: `{service="be1-srv"}` → 2. */
async function scrape(name: string): Promise<Record<string, number>> {
  const text = await (await server.admin('/metrics')).text();
  const rows = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    rows.map((row) => [row.slice(name.length, row.lastIndexOf(' ')), Number(row.split(' ').at(-1))]),
  );
}

it('counts endpoints of each service, and forgets services that are gone', async () => {
  server.publish('be1-srv', ...pods.map(({ port }) => port));
  server.publish('be2-srv', pods[0]!.port);
  await expect
    .poll(() => scrape('evenly_endpoints'))
    .toEqual({ '{service="be1-srv"}': 2, '{service="be2-srv"}': 1 });
  server.publish('be1-srv', pods[0]!.port);
  await expect.poll(() => scrape('evenly_endpoints')).toMatchObject({ '{service="be1-srv"}': 1 });
  await server.rewriteConfig(svcConfig('be2-srv'));
  await expect.poll(() => scrape('evenly_endpoints')).toEqual({ '{service="be2-srv"}': 1 });
});

it('counts errors of sources by service and code, and refused configs', async () => {
  server.publish('be1-srv', pods[0]!.port);
  await expect.poll(() => scrape('evenly_endpoints')).toMatchObject({ '{service="be1-srv"}': 1 });
  const ofBe1 = async () =>
    Object.entries(await scrape('evenly_source_errors_total')).filter(([labels]) =>
      labels.includes('be1-srv'),
    );
  const before = await ofBe1();
  await server.dns.stop();
  await expect.poll(async () => (await ofBe1()).length).toBeGreaterThan(before.length);
  expect((await ofBe1()).at(-1)![0]).toMatch(/^\{service="be1-srv",code="[A-Z_]+"\}$/);
  expect(await scrape('evenly_config_errors_total')).toEqual({ '': 0 });
  await server.rewriteConfig('no config');
  await expect.poll(() => scrape('evenly_config_errors_total')).toEqual({ '': 1 });
});

it('counts streams, pushes and what clients say of them, and measures a push up to its ACK', async () => {
  server.publish('be1-srv', pods[0]!.port);
  await expect.poll(() => scrape('evenly_endpoints')).toMatchObject({ '{service="be1-srv"}': 1 });
  expect(await scrape('evenly_xds_streams')).toEqual({ '': 0 });

  const good = server.client({ id: 'good' });
  const picky = server.client({ id: 'picky', answer: () => new Error('no') });
  const slow = server.client({ id: 'slow', answer: () => undefined });
  for (const client of [good, picky, slow]) {
    client.subscribe('endpoints', 'be1-srv-cluster');
    await expect.poll(() => client.ports('be1-srv-cluster')).toHaveLength(1);
  }
  const endpoints = '{type="endpoints"}';
  const said = (what: string) => `{said="${what}",type="endpoints"}`;
  await expect
    .poll(() => scrape('evenly_xds_requests_total'))
    .toMatchObject({ [said('subscribe')]: 3, [said('ack')]: 1, [said('nack')]: 1 });
  expect(await scrape('evenly_xds_streams')).toEqual({ '': 3 });
  expect(await scrape('evenly_xds_responses_total')).toMatchObject({ [endpoints]: 3 });
  expect(await scrape('evenly_xds_nacks_total')).toMatchObject({ [endpoints]: 1 });
  // Neither a NACK nor a response without an answer is the time up to an ACK.
  expect(await scrape('evenly_xds_ack_seconds_count')).toMatchObject({ [endpoints]: 1 });

  slow.request(typeUrlOf('endpoints'));
  await expect.poll(() => scrape('evenly_xds_ack_seconds_count')).toMatchObject({ [endpoints]: 2 });
  const buckets = await scrape('evenly_xds_ack_seconds_bucket');
  expect(buckets['{le="+Inf",type="endpoints"}']).toBe(2);
  expect((await scrape('evenly_xds_ack_seconds_sum'))[endpoints]).toBeGreaterThan(0);

  // A change is one push for each client, once all have answered: the rejected one is not sent again.
  server.publish('be1-srv', ...pods.map(({ port }) => port));
  for (const client of [good, picky, slow]) {
    await expect.poll(() => client.ports('be1-srv-cluster')).toHaveLength(2);
  }
  await expect.poll(() => scrape('evenly_xds_nacks_total')).toMatchObject({ [endpoints]: 2 });
  expect(await scrape('evenly_xds_responses_total')).toMatchObject({ [endpoints]: 6 });

  good.request('type.googleapis.com/unknown');
  await expect.poll(() => good.ended()?.code).toBe(3);
  expect(await scrape('evenly_xds_requests_total')).toMatchObject({ '{said="refused",type="unknown"}': 1 });
  for (const client of [good, picky, slow]) client.close();
  await expect.poll(() => scrape('evenly_xds_streams')).toEqual({ '': 0 });
});
