import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RunningLab } from './lab.ts';
import { Load, eventually } from '../shared/wait.ts';

let lab: RunningLab;
beforeAll(async () => {
  lab = await RunningLab.start();
});
afterAll(() => (lab as RunningLab | undefined)?.stop());

/** Waits until the frontend's calls reach exactly the pods that run. */
const allRespond = (service: string) =>
  eventually(async () => {
    const pods = await lab.podsOf(service);
    const { status, byPod } = await lab.call(service, 10 * pods.length);
    expect(status).toBe(200);
    expect([...byPod.keys()].sort()).toEqual(pods.sort());
  });

beforeEach(async () => {
  await Promise.all([lab.scale('be1-srv', 2), lab.scale('be2-srv', 2)]);
  await Promise.all([allRespond('be1-srv'), allRespond('be2-srv')]);
});

describe('two services at the same time', () => {
  it('answer 15 messages each, spread over both pods', async () => {
    const [one, two] = await Promise.all([lab.call('be1-srv'), lab.call('be2-srv')]);
    for (const [answer, service] of [
      [one, 'be1-srv'],
      [two, 'be2-srv'],
    ] as const) {
      expect(answer.status).toBe(200);
      expect(answer.messages).toHaveLength(15);
      expect([...answer.byPod.keys()].sort()).toEqual((await lab.podsOf(service)).sort());
      expect([...answer.byPod.values()].sort()).toEqual([7, 8]);
    }
  });
});

describe('scale', () => {
  it('to 10: all ten answer, evenly, and nothing was restarted; and back to 2', async () => {
    const before = (await lab.status()).apps;
    await lab.scale('be1-srv', 10);
    await allRespond('be1-srv');
    const { byPod } = await lab.call('be1-srv', 100);
    expect([...byPod.values()]).toEqual(Array.from({ length: 10 }, () => 10));
    expect((await lab.status()).apps).toEqual(before);
    expect((await lab.call('be2-srv')).byPod.size).toBe(2);
  });

  it('to 0, then 1: calls fail as they must, then succeed again', async () => {
    await lab.scale('be2-srv', 0);
    await eventually(async () => expect((await lab.call('be2-srv')).text).toContain('Could not get RPC'));
    await lab.scale('be2-srv', 1);
    await allRespond('be2-srv');
  });

  it('down, with calls running: no failed call', async () => {
    await lab.scale('be1-srv', 4);
    await allRespond('be1-srv');
    const load = new Load(lab, 'be1-srv');
    await lab.scale('be1-srv', 1);
    await allRespond('be1-srv');
    expect(await load.stop()).toEqual([]);
  });
});

describe('a rolling restart', () => {
  it('with calls running: new pods answer, and no call fails', async () => {
    const before = await lab.podsOf('be1-srv');
    const load = new Load(lab, 'be1-srv');
    await lab.post('/services/be1-srv/restart');
    await allRespond('be1-srv');
    expect(await load.stop()).toEqual([]);
    const seen = new Set(load.answers.flatMap(({ byPod }) => [...byPod.keys()]));
    const after = await lab.podsOf('be1-srv');
    expect(after.filter((pod) => before.includes(pod))).toEqual([]);
    for (const pod of [...before, ...after]) expect(seen).toContain(pod);
  });
});

describe('an unhealthy pod', () => {
  it('drops out and comes back when healthy, without a failed call', async () => {
    const [sick, well] = await lab.podsOf('be1-srv');
    const load = new Load(lab, 'be1-srv');
    await lab.post(`/pods/${sick}/unhealthy`);
    await eventually(async () => expect([...(await lab.call('be1-srv')).byPod.keys()]).toEqual([well]));
    await lab.post(`/pods/${sick}/healthy`);
    await allRespond('be1-srv');
    expect(await load.stop()).toEqual([]);
    expect(await lab.podsOf('be1-srv')).toEqual([sick, well]);
  });
});
