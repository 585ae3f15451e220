import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RunningProgram } from '@evenly/service/testing';
import { EchoPod } from './testing/echo-pod.ts';

const main = new URL('../dist/main.js', import.meta.url);
const programs: RunningProgram[] = [];
function run(args: readonly string[], env?: Record<string, string>): RunningProgram {
  const program = new RunningProgram(
    main,
    ['--host', '127.0.0.1', '--port', '0', '--exit-with-parent', ...args],
    env,
  );
  programs.push(program);
  return program;
}
async function end(): Promise<void> {
  for (const program of programs.splice(0)) {
    program.child.kill('SIGKILL');
    await program.exitCode();
  }
}

async function ask(program: RunningProgram, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${await program.port('http')}${path}`);
  return { status: response.status, text: await response.text() };
}

describe('with a fixed target', () => {
  let pod: EchoPod;
  beforeAll(async () => {
    pod = await new EchoPod('pod-1').start();
  });
  afterEach(end);
  afterAll(() => pod.stop());

  it('finishes the requests in flight on SIGTERM, though their clients would keep the connection, and exits 0', async () => {
    const frontend = run(['--target', `ipv4:127.0.0.1:${pod.port}`]);
    pod.hang = true;
    const agent = new Agent({ keepAlive: true });
    const url = `http://127.0.0.1:${await frontend.port('http')}/be1-srv?calls=2`;
    const answer = new Promise<IncomingMessage>((resolve, reject) =>
      httpGet(url, { agent }, resolve).on('error', reject),
    );
    await expect.poll(() => pod.waiting).toBe(1);
    frontend.child.kill('SIGTERM');
    await frontend.line(({ msg }) => msg === 'draining');
    pod.resume();
    const response = await answer;
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await frontend.exitCode()).toBe(0);
    agent.destroy();
  });

  it('serves /healthz, /readyz and /metrics beside the services', async () => {
    const frontend = run(['--target', `ipv4:127.0.0.1:${pod.port}`]);
    await expect.poll(() => ask(frontend, '/readyz')).toEqual({ status: 200, text: 'ready\n' });
    expect((await ask(frontend, '/healthz')).text).toBe('ok\n');
    expect((await ask(frontend, '/metrics')).text).toContain('frontend_channels 0');
  });

  it('exits 69 and names the option when its port is in use', async () => {
    const args = ['--target', `ipv4:127.0.0.1:${pod.port}`];
    const port = await run(args).port('http');
    const second = run([...args, '--port', String(port)]);
    expect(await second.exitCode()).toBe(69);
    expect(second.stderr).toContain(`port ${port} is in use; choose another with --port`);
  });
});

describe('bad options', () => {
  afterEach(end);

  it('lists every one and exits 64', async () => {
    const program = run(['--target', '{service}:50051', '--concurrency', '0', '--call-timeout', '3']);
    expect(await program.exitCode()).toBe(64);
    expect(program.stderr).toMatch(/--target: expected a gRPC target with a scheme/);
    expect(program.stderr).toMatch(/--concurrency: expected a whole number from 1/);
    expect(program.stderr).toMatch(/--call-timeout: expected a duration/);
  });

  it('refuses an xds: target without a bootstrap, and exits 64', async () => {
    const program = run([]);
    expect(await program.exitCode()).toBe(64);
    expect(program.stderr).toContain('needs an xDS bootstrap: set GRPC_XDS_BOOTSTRAP');
  });
});
