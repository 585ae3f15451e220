import { afterEach, describe, expect, it } from 'vitest';
import { LocalService, maxReplicas, type ServiceSpec } from './service.ts';
import { eventually, isAlive, podCommand } from './testing/index.ts';

const services: LocalService[] = [];
const create = (spec: Partial<ServiceSpec> = {}) => {
  const place = { host: '127.0.0.1', virtualIp: '127.0.0.1', podAddress: (n: number) => `127.0.77.${n}` };
  const service = new LocalService('echo', place, { replicas: 2, command: podCommand(), ...spec });
  services.push(service);
  return service;
};
const names = (service: LocalService) => service.status.pods.map(({ name, state }) => `${name} ${state}`);

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

describe('replicas', () => {
  it('are started, named by rising numbers, and can be reached', async () => {
    const service = create();
    await service.start();
    expect(names(service)).toEqual(['echo-1 running', 'echo-2 running']);
    const [first, second] = service.status.pods;
    expect(first?.port).not.toBe(second?.port);
    expect(await service.pods[0]!.behaviour({ healthy: false })).toEqual({ healthy: false });
  });

  it('are scaled up, and down from the newest', async () => {
    const service = create();
    await service.start();
    await service.scale(6);
    expect(service.pods).toHaveLength(6);
    const pids = service.status.pods.map(({ pid }) => pid!);
    await service.scale(1);
    expect(names(service)).toEqual(['echo-1 running']);
    expect(pids.map(isAlive)).toEqual([true, false, false, false, false, false]);
    await service.scale(2);
    expect(names(service)).toEqual(['echo-1 running', 'echo-7 running']);
    await service.scale(0);
    expect(names(service)).toEqual([]);
  });

  it('follow the last wish when two come at once', async () => {
    const service = create();
    await Promise.all([service.start(), service.scale(5), service.scale(1)]);
    expect(service.pods).toHaveLength(1);
  });

  it('are replaced one after the other in a rolling restart', async () => {
    const service = create();
    await service.start();
    await service.restart();
    expect(names(service)).toEqual(['echo-3 running', 'echo-4 running']);
  });

  it.each([-1, 1.5, maxReplicas + 1, NaN, '3' as unknown as number])('may not be %s', async (replicas) => {
    const service = create();
    await expect(service.scale(replicas)).rejects.toMatchObject({ code: 'BAD_REPLICAS' });
    expect(() => create({ replicas })).toThrow('from 0 to 50');
  });
});

describe('a pod that is told to stop', () => {
  it('goes on for the pre-stop delay, out of DNS, unless all is stopped', async () => {
    const service = create({ preStopDelayMs: 3_600_000 });
    await service.start();
    const scaled = service.scale(1).catch((error: Error) => error);
    expect(names(service)).toEqual(['echo-1 running', 'echo-2 terminating']);
    const { pid } = service.status.pods[1]!;
    expect(isAlive(pid!)).toBe(true);
    await service.stop();
    expect(await scaled).toMatchObject({ code: 'STOPPED' });
    expect(isAlive(pid!)).toBe(false);
    await expect(service.scale(1)).rejects.toMatchObject({ code: 'STOPPED' });
  });

  it('is killed after its grace', async () => {
    const service = create({ command: podCommand('ignore-sigterm'), stopGraceMs: 50 });
    await service.start();
    await service.scale(0);
    expect(service.pods).toEqual([]);
  });

  it('and is killed meanwhile, is not replaced', async () => {
    const service = create({ preStopDelayMs: 3_600_000 });
    await service.start();
    const scaled = service.scale(1);
    service.pods[1]!.kill();
    await scaled;
    expect(names(service)).toEqual(['echo-1 running']);
    expect(service.status.lastFailure).toBeUndefined();
  });
});

describe('a pod that fails', () => {
  it('is replaced by one with a new number', async () => {
    const service = create();
    await service.start();
    service.pods[0]!.kill();
    await eventually(() => expect(names(service)).toEqual(['echo-2 running', 'echo-3 running']));
    expect(service.status.lastFailure).toContain('echo-1 ended by itself (killed by SIGKILL)');
  });

  it('at its start is reported to who waits, and tried again', async () => {
    let fault = 'crash';
    const service = create({ command: (pod) => podCommand(fault)(pod) });
    await expect(service.start()).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringContaining('no license for flux compensator') as string,
    });
    fault = '';
    await eventually(() =>
      expect(service.status.pods.map(({ state }) => state)).toEqual(['running', 'running']),
    );
  });

  it('to listen in time is stopped', async () => {
    const service = create({ replicas: 1, command: podCommand('silent'), startTimeoutMs: 50 });
    await expect(service.start()).rejects.toThrow('echo-1 did not listen (grpc, admin) within 0.05 s');
    await service.stop();
    expect(service.pods).toEqual([]);
  });

  it('to take a behaviour says why', async () => {
    const service = create({ replicas: 1 });
    await service.start();
    const [pod] = service.pods;
    await expect(pod!.behaviour({ healthy: 'perhaps' })).rejects.toMatchObject({
      code: 'BAD_BEHAVIOUR',
      message: 'echo-1: healthy: expected true or false',
    });
    await service.scale(0);
    await expect(pod!.behaviour({ healthy: true })).rejects.toMatchObject({ code: 'POD_NOT_RUNNING' });
  });
});
