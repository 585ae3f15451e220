import { afterEach, describe, expect, it } from 'vitest';
import { ManagedProcess, describeExit, type ProcessSpec } from './process.ts';
import { isAlive, podCommand } from './testing/index.ts';

const started: ManagedProcess[] = [];
const run = (spec: Partial<ProcessSpec> & Pick<ProcessSpec, 'command'>) => {
  const child = new ManagedProcess({ name: 'child', ...spec });
  started.push(child);
  return child;
};
const runPod = (fault?: string) => run({ command: podCommand(fault)({ name: 'p', host: '127.0.0.1' }) });
const evaluate = (script: string) => run({ command: [process.execPath, '-e', script] });

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill();
    await child.exited;
  }
});

describe('a process that listens', () => {
  it('tells where', async () => {
    const child = runPod();
    await child.listening(['grpc', 'admin'], 10_000);
    expect(child.addresses.get('grpc')).toEqual({ address: '127.0.0.1', port: expect.any(Number) as number });
    expect(child.addresses.get('grpc')).not.toEqual(child.addresses.get('admin'));
  });

  it('is asked by SIGTERM to end', async () => {
    const child = runPod();
    await child.listening(['grpc'], 10_000);
    expect(await child.stop(10_000)).toEqual({ code: 0, signal: null });
    expect(child.log.lines.at(-1)).toContain('SIGTERM');
    expect(isAlive(child.pid!)).toBe(false);
  });

  it('is killed when it does not end', async () => {
    const child = runPod('ignore-sigterm');
    await child.listening(['grpc'], 10_000);
    expect(await child.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
    expect(child.log.lines.at(-1)).toContain('SIGTERM');
  });

  it('leads its own process group, which a terminal does not signal', async () => {
    const child = runPod();
    await child.listening(['grpc'], 10_000);
    expect(() => process.kill(-child.pid!, 0)).not.toThrow();
  });
});

describe('a process that does not start', () => {
  it('is reported with its exit code and what it said', async () => {
    await expect(runPod('crash').listening(['grpc'], 10_000)).rejects.toThrow(
      expect.objectContaining({
        code: 'START_FAILED',
        message: expect.stringMatching(/exit code 3.*\n.*no license for flux compensator/s) as string,
      }) as Error,
    );
  });

  it('is reported when it listens nowhere', async () => {
    await expect(runPod('silent').listening(['grpc', 'admin'], 50)).rejects.toThrow(
      'child did not listen (grpc, admin) within 0.05 s; its last lines:\n  (it logged nothing)',
    );
  });

  it('is reported when there is no such program', async () => {
    const child = run({ command: ['/no/such/program'] });
    await expect(child.listening(['grpc'], 10_000)).rejects.toThrow(/did not start: spawn .*ENOENT/);
    expect(describeExit(await child.stop(1000))).toContain('ENOENT');
  });
});

describe('what a process writes', () => {
  it('may be no JSON, or JSON of another kind', async () => {
    const child = runPod('wrong-lines');
    await child.listening(['grpc', 'admin'], 10_000);
    expect([...child.addresses.keys()].sort()).toEqual(['admin', 'grpc']);
  });

  it('is kept only in part when it is much', async () => {
    const many = evaluate(`for (let i = 0; i < 500; i++) console.error('line ' + i)`);
    const long = evaluate(`console.log('A'.repeat(1e6))`);
    await Promise.all([many.exited, long.exited]);
    expect(many.log.lines).toHaveLength(50);
    expect(many.log.lines).toContain('line 499');
    expect(long.log.lines.map((line) => line.length)).toEqual([4096]);
  });
});
