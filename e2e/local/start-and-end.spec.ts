import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningLab, spawnLab } from './lab.ts';
import { eventually, isAlive } from '../shared/wait.ts';

const labs: RunningLab[] = [];
const start = async (args: string[] = [], env: Record<string, string> = {}) => {
  const lab = await RunningLab.start(args, env);
  labs.push(lab);
  return lab;
};
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.stop();
});

describe('Ctrl-C', () => {
  it('ends all: exit code 0, no process left', async () => {
    const lab = await start();
    expect((await lab.call('be1-srv')).status).toBe(200);
    const pids = await lab.pids();
    expect(pids).toHaveLength(6);
    expect(pids.filter(isAlive)).toEqual(pids);
    // As in a terminal, where the whole process group gets it and npm passes it on once more.
    process.kill(-lab.process.pid!, 'SIGINT');
    process.kill(lab.process.pid!, 'SIGINT');
    expect(await lab.process.exited).toEqual({ code: 0, signal: null });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends pods that do not answer any more, too', async () => {
    const lab = await start();
    await lab.post('/pods/be1-srv-1/behaviour', { hang: true });
    const pids = await lab.pids();
    process.kill(lab.process.pid!, 'SIGINT');
    expect(await lab.process.exited).toEqual({ code: 0, signal: null });
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('a lab that is killed', () => {
  it('leaves no process either', async () => {
    // It cannot remove its files any more, so they should be where the test can.
    const directory = await mkdtemp(path.join(tmpdir(), 'evenly-e2e-'));
    const lab = await start([], { TMPDIR: directory });
    const pids = await lab.pids();
    lab.process.kill();
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
    await rm(directory, { recursive: true });
  });
});

describe('a second lab', () => {
  it('says which ports are in use, and how to change them', async () => {
    const lab = await start();
    const { apps } = await lab.status();
    const port = apps.find(({ name }) => name === 'frontend')!.ports.http!.port;
    const second = spawnLab(['--port', String(port), '--lab-port', '0', '--xds-port', '0']);
    expect(await second.exited).toEqual({ code: 69, signal: null });
    expect(second.log.text).toContain(`port ${port} (frontend) is in use; choose another with --port`);
  });
});

describe('IPv6', () => {
  it('works for all of it', async () => {
    const lab = await start(['--host', '::1']);
    await eventually(async () => {
      const { status, byPod } = await lab.call('be1-srv');
      expect(status).toBe(200);
      expect([...byPod.keys()].sort()).toEqual(['be1-srv-1', 'be1-srv-2']);
    });
  });
});
