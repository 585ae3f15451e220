import { once } from 'node:events';
import { credentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { EchoServerClient } from '@evenly/proto/echo/echo';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthClient,
} from '@evenly/proto/grpc/health/v1/health';
import { RunningProgram } from '@evenly/service/testing';
import { codeOf, nextStatus, sayHello } from './testing/calls.ts';

const main = new URL('../dist/main.js', import.meta.url);
const programs: RunningProgram[] = [];
function run(args: readonly string[], env?: Record<string, string>): RunningProgram {
  const loopback = ['--host', '127.0.0.1', '--port', '0', '--admin-host', '127.0.0.1', '--admin-port', '0'];
  const program = new RunningProgram(main, [...loopback, '--exit-with-parent', ...args], env);
  programs.push(program);
  return program;
}
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.child.kill('SIGKILL');
    await program.exitCode();
  }
});

async function clients(program: RunningProgram) {
  const address = `127.0.0.1:${await program.port('grpc')}`;
  const echo = new EchoServerClient(address, credentials.createInsecure());
  return { echo, health: new HealthClient(address, credentials.createInsecure()) };
}

async function untilInFlight(program: RunningProgram, calls: string): Promise<void> {
  const url = `http://127.0.0.1:${await program.port('admin')}/metrics`;
  const line = `grpc_server_in_flight{grpc_service="echo.EchoServer",grpc_method="SayHello"} ${calls}`;
  await expect.poll(async () => (await fetch(url)).text(), { timeout: 10_000 }).toContain(line);
}

describe('SIGTERM', () => {
  it('lets a call in flight finish, tells health watchers, and exits 0', async () => {
    const program = run(['--name', 'pod-7', '--delay', '700ms']);
    const { echo, health } = await clients(program);
    const watch = health.watch({ service: '' });
    expect(await nextStatus(watch)).toBe(Serving.SERVING);
    const watchEnd = once(watch, 'error');
    const slow = sayHello(echo);
    await untilInFlight(program, '1');
    program.child.kill('SIGTERM');
    expect(await nextStatus(watch)).toBe(Serving.NOT_SERVING);
    expect(((await watchEnd) as [{ code: number }])[0].code).toBe(status.UNAVAILABLE);
    expect(await slow).toBe('Hello you  from hostname pod-7');
    expect(await program.exitCode()).toBe(0);
  });

  it('cuts calls that take longer than the drain timeout, and still exits 0', async () => {
    const program = run(['--delay', '10m', '--drain-timeout', '100ms']);
    const { echo } = await clients(program);
    const endless = codeOf(sayHello(echo));
    await untilInFlight(program, '1');
    program.child.kill('SIGTERM');
    expect([status.UNAVAILABLE, status.CANCELLED]).toContain(await endless);
    expect(await program.exitCode()).toBe(0);
  });

  it('ends a pod that hangs', async () => {
    const program = run([]);
    const { echo } = await clients(program);
    const url = `http://127.0.0.1:${await program.port('admin')}/behaviour`;
    expect((await fetch(url, { method: 'PATCH', body: '{"hang": true}' })).status).toBe(200);
    const hung = sayHello(echo);
    await untilInFlight(program, '1');
    program.child.kill('SIGTERM');
    expect(await hung).toContain('Hello you');
    expect(await program.exitCode()).toBe(0);
  });
});

it('takes the names of other systems from the environment', async () => {
  const { echo } = await clients(run([], { NAME: 'from-env', MAX_CONNECTION_AGE: '10s' }));
  expect(await sayHello(echo)).toContain('hostname from-env');
});

it('lists every bad option and exits 64', async () => {
  const program = run(['--fail-ratio', '2', '--delay', 'soon'], {
    MAX_CONNECTION_AGE: 'old',
    EVENLY_PORT: '1',
  });
  expect(await program.exitCode()).toBe(64);
  expect(program.stderr).toMatch(/--fail-ratio: expected a number from 0 to 1/);
  expect(program.stderr).toMatch(/--delay: expected a duration/);
  expect(program.stderr).toMatch(/MAX_CONNECTION_AGE: expected a duration/);
});

it('exits 69 and names the option when its port is in use', async () => {
  const port = await run([]).port('grpc');
  const second = run(['--port', String(port)]);
  expect(await second.exitCode()).toBe(69);
  expect(second.stderr).toContain(`port ${port} is in use; choose another with --port`);
});
