import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunningProgram } from '@evenly/service/testing';
import { ControlPlane } from './testing/control-plane.ts';
import { EchoPod } from './testing/echo-pod.ts';

const main = new URL('../dist/main.js', import.meta.url);
const programs: RunningProgram[] = [];
let pod: EchoPod;
beforeEach(async () => {
  pod = await new EchoPod('a').start();
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.child.kill('SIGKILL');
    await program.exitCode();
  }
  pod.stop();
});

function startFrontend(port: number, ...args: string[]): RunningProgram {
  const xds_servers = [{ server_uri: `127.0.0.1:${port}`, channel_creds: [{ type: 'insecure' }] }];
  const bootstrap = { xds_servers, node: { id: 'frontend-test', locality: {} } };
  const options = ['--host', '127.0.0.1', '--port', '0', '--exit-with-parent', ...args];
  const env = { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) };
  const program = new RunningProgram(main, options, env);
  programs.push(program);
  return program;
}

const readyz = (frontend: RunningProgram) => async () => {
  const response = await fetch(`http://127.0.0.1:${await frontend.port('http')}/readyz`);
  return { status: response.status, text: await response.text() };
};
const ready = { status: 200, text: 'ready\n' };
const waitsFor = (text: string) => ({ status: 503, text: expect.stringContaining(text) as string });

it('is not ready without its control plane, says why, is when that has come, and stays so when it goes', async () => {
  const { port, ...first } = await portOf();
  first.stop();
  const frontend = startFrontend(port, '--services', 'be1-srv,be2-srv');
  await expect.poll(readyz(frontend)).toEqual({
    status: 503,
    text: 'not ready, waits for\n  channel xds:///be1-srv: is being connected\n  channel xds:///be2-srv: is being connected\n',
  });
  await expect
    .poll(readyz(frontend), { timeout: 20_000 })
    .toMatchObject(waitsFor('channel xds:///be1-srv: TRANSIENT_FAILURE: '));
  const controlPlane = await new ControlPlane().start(port);
  controlPlane.set('be1-srv', [pod.port]);
  await expect
    .poll(readyz(frontend), { timeout: 30_000 })
    .toMatchObject({ status: 503, text: expect.not.stringContaining('be1-srv') as string });
  controlPlane.set('be2-srv', [pod.port]);
  await expect.poll(readyz(frontend), { timeout: 30_000 }).toEqual(ready);
  controlPlane.stop();
  pod.stop();
  expect(await readyz(frontend)()).toEqual(ready);
}, 90_000);

it('does in the end without some of its services, not without all of them', async () => {
  const controlPlane = await new ControlPlane().start();
  const frontend = startFrontend(controlPlane.port, '--services', 'be1-srv,be2-srv', '--ready-after', '0s');
  await expect.poll(readyz(frontend)).toMatchObject(waitsFor('channel xds:///be2-srv'));
  controlPlane.set('be1-srv', [pod.port]);
  await expect.poll(readyz(frontend), { timeout: 20_000 }).toEqual(ready);
  await frontend.line(({ msg }) => msg === 'ready without some');
  controlPlane.stop();
}, 60_000);

it('refuses a name that no service can have, and exits 64', async () => {
  const program = startFrontend(1, '--services', 'be1-srv,Be2');
  expect(await program.exitCode()).toBe(64);
  expect(program.stderr).toContain('--services: unknown service: expected a name such as be1-srv');
});

/** A port that is free once `stop` was called. */
async function portOf() {
  const controlPlane = await new ControlPlane().start();
  return { port: controlPlane.port, stop: () => controlPlane.stop() };
}
