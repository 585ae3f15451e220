import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callFrontend } from '../shared/frontend-client.ts';
import { OutageScene } from './processes.ts';

/** How long the API server stays away, in minutes. */
const minutes = Number(process.env['OUTAGE_MINUTES'] ?? 10);

let scene: OutageScene;
beforeEach(() => {
  scene = new OutageScene();
});
afterEach(() => scene.stop());

const rssMiB = () => {
  const status = readFileSync(`/proc/${scene.xdsServer.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
};

/** Other tests use the machine meanwhile: states are waited for so long. */
const patience = { timeout: 90_000 };

const podsThatRespond = async (frontend: string) => {
  // Kept connections end after 5 s without a request: one that is sent right then would be lost.
  const answer = await callFrontend(frontend, 'be1-srv', 30, { connection: 'close' });
  return answer.status === 200 ? [...answer.byPod.keys()].sort() : [answer.text];
};

/** The service's error in `/status`; undefined when all is well. */
const sourceError = async (): Promise<string | undefined> => {
  const { services } = JSON.parse(await scene.admin('/status')) as { services: { error?: string }[] };
  return services[0]!.error;
};

it(`calls go on, and what is wrong is said, while the Kubernetes API is away for ${minutes} minutes`, async () => {
  await scene.start(3);
  const pods = scene.cluster.services[0]!.pods.map(({ name }) => name).sort();
  const before = await scene.frontend();
  await expect.poll(() => podsThatRespond(before), patience).toEqual(pods);

  await scene.api.stop();
  const end = performance.now() + minutes * 60_000;
  await expect.poll(sourceError, patience).toContain('ECONNREFUSED');
  const rssAtFirst = rssMiB();
  const duringOutage = await scene.frontend();
  await expect.poll(() => podsThatRespond(duringOutage), patience).toEqual(pods);
  let rounds = 0;
  while (performance.now() < end) {
    for (const frontend of [before, duringOutage]) expect(await podsThatRespond(frontend)).toEqual(pods);
    rounds++;
    await wait(1000);
  }
  expect(await sourceError()).toContain('ECONNREFUSED');
  // Said once, not with every attempt.
  expect(scene.xdsServer.log.lines.filter((line) => line.includes('ECONNREFUSED'))).toHaveLength(1);
  expect(rssMiB() - rssAtFirst).toBeLessThan(32);
  console.log(`${rounds} rounds of 60 calls; RSS ${rssAtFirst.toFixed(0)} → ${rssMiB().toFixed(0)} MiB`);

  await scene.cluster.services[0]!.scale(4);
  await scene.api.start();
  await expect.poll(async () => (await podsThatRespond(before)).length, patience).toBe(4);
  await expect.poll(sourceError, patience).toBeUndefined();
});
