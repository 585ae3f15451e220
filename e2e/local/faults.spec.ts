import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RunningLab } from './lab.ts';
import { Load, eventually } from '../shared/wait.ts';

/** GET /status of the xDS server's admin port. */
interface XdsStatus {
  services: { name: string; endpoints: { hostname: string; healthy: boolean }[]; error?: string }[];
}

let lab: RunningLab;
beforeAll(async () => {
  lab = await RunningLab.start();
});
afterAll(() => (lab as RunningLab | undefined)?.stop());

const podsThatRespond = async (service: string) => {
  const { status, byPod } = await lab.call(service, 20);
  expect(status).toBe(200);
  return [...byPod.keys()].sort();
};
const allRespond = (service: string) =>
  eventually(async () => expect(await podsThatRespond(service)).toEqual((await lab.podsOf(service)).sort()));
const xdsService = async (service: string) => {
  const { services } = await lab.admin<XdsStatus>('xds-server', '/status');
  return services.find(({ name }) => name.includes(service))!;
};

beforeEach(async () => {
  await lab.post('/dns/start');
  await Promise.all([lab.scale('be1-srv', 2), lab.scale('be2-srv', 2)]);
  await Promise.all([allRespond('be1-srv'), allRespond('be2-srv')]);
});

describe('an unknown service', () => {
  it('is answered as such, and the others go on', async () => {
    const { status, text } = await lab.call('be3-srv');
    expect([404, 504]).toContain(status);
    expect(text).toMatch(/^Could not get RPC .*be3-srv/);
    expect((await lab.call('be1-srv')).status).toBe(200);
  });

  it.each(['0', '1001', 'x'])('is told from a bad request: calls=%s', async (calls) => {
    expect((await lab.call('be1-srv', calls)).status).toBe(400);
  });
});

describe('DNS', () => {
  it('down: endpoints are kept and calls succeed; up again: changes come through', async () => {
    const before = await lab.podsOf('be1-srv');
    const load = new Load(lab, 'be1-srv');
    await lab.post('/dns/stop');
    await eventually(async () => expect((await xdsService('be1-srv')).error).toBeDefined());
    expect(await podsThatRespond('be1-srv')).toEqual(before.sort());
    await lab.scale('be1-srv', 3);
    expect(await podsThatRespond('be1-srv')).toEqual(before.sort());
    await lab.post('/dns/start');
    await allRespond('be1-srv');
    expect((await podsThatRespond('be1-srv')).length).toBe(3);
    expect((await xdsService('be1-srv')).error).toBeUndefined();
    expect(await load.stop()).toEqual([]);
  });
});

describe('a pod that accepts and never answers', () => {
  it('drops out, the other one answers; it comes back', async () => {
    const [hung, well] = await lab.podsOf('be2-srv');
    await lab.post(`/pods/${hung}/behaviour`, { hang: true });
    await eventually(async () => expect(await podsThatRespond('be2-srv')).toEqual([well]));
    expect((await lab.call('be1-srv')).status).toBe(200);
    await lab.post(`/pods/${hung}/behaviour`, { hang: false });
    await allRespond('be2-srv');
  });
});

describe('a pod killed in the middle of 1000 calls', () => {
  it('costs only its calls in flight, and the report says how many', async () => {
    const clients = 10;
    const [doomed, other] = await lab.podsOf('be2-srv');
    for (const pod of [doomed, other]) await lab.post(`/pods/${pod}/behaviour`, { delay: '30ms' });
    const handledBefore = await lab.callsHandledBy(doomed!);
    let answered = 0;
    const requests = Array.from({ length: clients }, async () => {
      const answer = await lab.call('be2-srv', 100);
      answered++;
      return answer;
    });
    await eventually(async () =>
      expect(await lab.callsHandledBy(doomed!)).toBeGreaterThan(handledBefore + 50),
    );
    await lab.post(`/pods/${doomed}/kill`);
    expect(answered).toBe(0); // it was in the middle
    const answers = await Promise.all(requests);

    const failed = answers.reduce((sum, answer) => sum + answer.failed, 0);
    expect(failed).toBeLessThanOrEqual(clients); // each client has one call in flight
    for (const answer of answers) {
      expect(answer.messages.length + answer.failed, answer.text).toBe(100);
      expect(answer.status).toBe(answer.failed === 0 ? 200 : 502);
      if (answer.failed > 0) expect(answer.text).toContain(`${answer.failed} of 100 calls failed`);
    }
    const byDoomed = answers.reduce((sum, { byPod }) => sum + (byPod.get(doomed!) ?? 0), 0);
    expect(byDoomed).toBeGreaterThan(50 - clients); // the last of those handled may be lost on their way
    await allRespond('be2-srv'); // its replacement included
    expect(await lab.podsOf('be2-srv')).not.toContain(doomed);
  });
});

describe('the xDS server', () => {
  it('restarted under load: no failed call, and later changes come through', async () => {
    const before = (await lab.status()).apps;
    const load = new Load(lab, 'be1-srv');
    await lab.post('/apps/xds-server/restart');
    await lab.scale('be1-srv', 4);
    await allRespond('be1-srv');
    expect(await load.stop()).toEqual([]);
    const after = (await lab.status()).apps;
    expect(after[0]!.pid).not.toBe(before[0]!.pid);
    expect(after[1]!.pid).toBe(before[1]!.pid);
  });
});
