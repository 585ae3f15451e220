import type { ServiceStatus } from '@evenly/local-cluster';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followService } from './follow-service.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const service = (replicas: number, ...states: ('running' | 'starting')[]) =>
  ({ name: 'be1-srv', replicas, pods: states.map((state, i) => ({ name: `${i}`, state })) }) as ServiceStatus;

it('tells how far a service is, each state once, until it is done', async () => {
  const said: string[] = [];
  let now = service(3, 'running', 'starting', 'starting');
  const client = { get: () => Promise.resolve({ services: [now] }) };
  let finish: (value: string) => void = () => undefined;
  const act = () => new Promise<string>((resolve) => (finish = resolve));
  const done = followService(client, 'be1-srv', (text) => said.push(text), act);
  await vi.advanceTimersByTimeAsync(2000);
  now = service(3, 'running', 'running', 'starting');
  await vi.advanceTimersByTimeAsync(2000);
  finish('scaled');
  expect(await done).toBe('scaled');
  await vi.advanceTimersByTimeAsync(2000);
  expect(said).toEqual(['be1-srv: 1 of 3 pods run, 2 starting', 'be1-srv: 2 of 3 pods run, 1 starting']);
});

it('passes on what fails, also while the lab does not say how far it is', async () => {
  const client = { get: () => Promise.reject(new Error('no answer')) };
  const failing = followService(
    client,
    'be1-srv',
    () => undefined,
    () => Promise.reject(new Error('refused')),
  );
  await expect(failing).rejects.toThrow('refused');
});
