import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { runMain, type HostProcess, type Program, type Runtime } from './program.ts';
import { listenHttp } from './admin.ts';
import * as values from './values.ts';

/** A process that is only watched: its exit code is a promise. */
function fakeHost(argv: string[]) {
  const signals = new EventEmitter();
  let out = '';
  let exited: (code: number) => void = () => undefined;
  const exitCode = new Promise<number>((resolve) => (exited = resolve));
  const write = (text: string) => ((out += text), true);
  const host = {
    argv: ['node', 'main.js', ...argv, '--log-level', 'silent', '--admin-host', '127.0.0.1'],
    env: {},
    stdin: new PassThrough(),
    stdout: { write },
    stderr: { write },
    on: (signal: string, listener: () => void) => signals.on(signal, listener),
    exit: (code: number) => exited(code),
  };
  return {
    host: host as unknown as HostProcess,
    stdin: host.stdin,
    exitCode,
    signal: (name: string) => signals.emit(name),
    out: () => out,
  };
}

const program = (start: (runtime: Runtime) => Promise<void> | void): Program<Record<never, never>> => ({
  name: 'demo',
  describe: '',
  options: { port: { describe: '', schema: values.port() } },
  start: async (_config, service) => start(service),
});

describe('runMain', () => {
  it('exits 64 and lists every fault of the options', async () => {
    const { host, exitCode, out } = fakeHost(['--port', 'x', '--drain-timeout', 'soon']);
    await runMain(
      program(() => undefined),
      host,
    );
    expect(await exitCode).toBe(64);
    expect(out()).toContain('--port: expected a port');
    expect(out()).toContain('--drain-timeout: expected a duration');
  });

  it('says which option changes a port that is in use, and exits 69', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { host, exitCode, out } = fakeHost(['--admin-port', String(port)]);
    await runMain(
      program(() => undefined),
      host,
    );
    expect(await exitCode).toBe(69);
    expect(out()).toBe(`demo: port ${port} is in use; choose another with --admin-port\n`);
    taken.close();
  });

  it('drains in reverse order on SIGTERM, readiness off first, even when a step fails, and exits 0', async () => {
    const seen: string[] = [];
    const { host, exitCode, signal } = fakeHost([]);
    void runMain(
      program((service) => {
        service.onDrain('first', () => void seen.push(`first, ready: ${service.readiness.isReady}`));
        service.onDrain('broken', () => Promise.reject(new Error('no')));
        service.onDrain('last', () => void seen.push('last'));
      }),
      host,
    );
    await new Promise(setImmediate);
    signal('SIGTERM');
    signal('SIGTERM');
    expect(await exitCode).toBe(0);
    expect(seen).toEqual(['last', 'first, ready: false']);
  });

  it('cuts what does not end within the drain timeout', async () => {
    const { host, exitCode, signal } = fakeHost(['--drain-timeout', '10ms']);
    let cut = false;
    const step = (abort: AbortSignal) =>
      new Promise<void>((resolve) => abort.addEventListener('abort', () => ((cut = true), resolve())));
    void runMain(
      program((service) => service.onDrain('slow', step)),
      host,
    );
    await new Promise(setImmediate);
    signal('SIGINT');
    expect(await exitCode).toBe(0);
    expect(cut).toBe(true);
  });

  it('drains what it has so far when SIGTERM comes while it starts', async () => {
    const { host, exitCode, signal } = fakeHost([]);
    let waiting: unknown;
    const waitsForEver = new Promise<void>(() => undefined);
    void runMain(
      program((service) => {
        service.onDrain('opened', () => void (waiting = service.readiness.waiting));
        return waitsForEver;
      }),
      host,
    );
    await new Promise(setImmediate);
    signal('SIGTERM');
    expect(await exitCode).toBe(0);
    expect(waiting).toEqual([{ gate: 'program', reason: 'draining' }]);
  });

  it('ends when standard input closes, if asked to', async () => {
    const { host, exitCode, stdin } = fakeHost(['--exit-with-parent']);
    void runMain(
      program(() => undefined),
      host,
    );
    stdin.end();
    expect(await exitCode).toBe(0);
  });

  it('serves health, readiness and metrics', async () => {
    let answer: Record<string, [number, string]> = {};
    const { host, exitCode, signal } = fakeHost([]);
    void runMain(
      program(async (service) => {
        const ready = service.readiness.gate('warm', () => 'it is cold');
        const { handle } = service.admin;
        const listener = await listenHttp(
          (request, response) => handle(request, response, () => response.destroy()),
          { host: '127.0.0.1', port: 0, option: '--port' },
        );
        service.onDrain('http', (abort) => listener.close(abort));
        const get = async (path: string): Promise<[number, string]> => {
          const response = await fetch(`http://127.0.0.1:${listener.port}${path}`);
          return [response.status, await response.text()];
        };
        const cold = await get('/readyz');
        ready.pass();
        answer = { cold, health: await get('/healthz'), metrics: await get('/metrics') };
      }),
      host,
    );
    await expect.poll(() => answer['metrics']).toBeDefined();
    signal('SIGTERM');
    expect(await exitCode).toBe(0);
    expect(answer['cold']).toEqual([503, 'not ready, waits for\n  warm: it is cold\n  program: starting\n']);
    expect(answer['health']).toEqual([200, 'ok\n']);
    expect(answer['metrics']![1]).toContain('process_cpu_user_seconds_total');
  });
});
