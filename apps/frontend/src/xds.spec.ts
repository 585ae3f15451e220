import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningProgram } from '@evenly/service/testing';
import { ControlPlane } from './testing/control-plane.ts';
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

const counts = (text: string) => {
  const pods = (JSON.parse(text) as string[]).map((message) => message.split(' from hostname ')[1]!);
  return Object.fromEntries(
    [...new Set(pods)].sort().map((pod) => [pod, pods.filter((one) => one === pod).length]),
  );
};

describe('with xDS', () => {
  let controlPlane: ControlPlane;
  let pods: EchoPod[];
  let frontend: RunningProgram;

  beforeEach(async () => {
    controlPlane = await new ControlPlane().start();
    pods = await Promise.all(['a', 'b', 'c', 'd'].map((name) => new EchoPod(name).start()));
    controlPlane.set('be1-srv', [pods[0]!.port, pods[1]!.port]);
    frontend = startFrontend();
  });
  afterEach(async () => {
    await end();
    controlPlane.stop();
    for (const pod of pods) pod.stop();
  });

  function startFrontend(...args: string[]): RunningProgram {
    return startWith([`127.0.0.1:${controlPlane.port}`], args);
  }

  function startWith(servers: readonly string[], args: readonly string[]): RunningProgram {
    const xds_servers = servers.map((server_uri) => ({ server_uri, channel_creds: [{ type: 'insecure' }] }));
    const bootstrap = { xds_servers, node: { id: 'frontend-test', locality: {} } };
    return run(args, { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) });
  }

  const answeredBy = async (path: string) => {
    const { status, text } = await ask(frontend, path);
    return status === 200 ? Object.keys(counts(text)) : text;
  };

  it('spreads the calls of two services over their pods', async () => {
    controlPlane.set('be2-srv', [pods[2]!.port, pods[3]!.port]);
    await expect.poll(() => answeredBy('/be1-srv')).toEqual(['a', 'b']);
    await expect.poll(() => answeredBy('/be2-srv')).toEqual(['c', 'd']);
    // Once connected, round robin is even.
    expect(counts((await ask(frontend, '/be1-srv?calls=10')).text)).toEqual({ a: 5, b: 5 });
  });

  it('reaches new pods without a restart, and leaves those that are gone', async () => {
    await expect.poll(() => answeredBy('/be1-srv')).toEqual(['a', 'b']);
    controlPlane.set('be1-srv', [pods[1]!.port, pods[2]!.port]);
    await expect.poll(() => answeredBy('/be1-srv')).toEqual(['b', 'c']);
  });

  it('answers 404 when the control plane takes the service away, 200 when it comes back', async () => {
    expect((await ask(frontend, '/be1-srv')).status).toBe(200);
    controlPlane.remove('be1-srv');
    await expect
      .poll(() => ask(frontend, '/be1-srv'))
      .toEqual({
        status: 404,
        text: 'Could not get RPC: unknown service be1-srv: Listener be1-srv does not exist\n',
      });
    controlPlane.set('be1-srv', [pods[0]!.port]);
    await expect.poll(async () => (await ask(frontend, '/be1-srv')).status, { timeout: 15_000 }).toBe(200);
  });

  it('answers an unknown service with 504, with 404 once gRPC has given up on it, with 200 when it appears', async () => {
    await end();
    frontend = startFrontend('--call-timeout', '200ms');
    const first = await ask(frontend, '/nope');
    expect(first.status).toBe(504);
    expect(first.text).toMatch(/^Could not get RPC from nope: DEADLINE_EXCEEDED: /);
    // grpc-js-xds waits 15 s for a resource (gRFC A53), and offers no way to change that.
    const options = { timeout: 25_000, interval: 500 };
    await expect.poll(async () => (await ask(frontend, '/nope')).status, options).toBe(404);
    controlPlane.set('nope', [pods[0]!.port]);
    await expect.poll(async () => (await ask(frontend, '/nope')).status, options).toBe(200);
  }, 80_000);

  it('says at start that a second control plane is not used, and does not fall back on it', async () => {
    await end();
    frontend = startWith(['127.0.0.1:1', `127.0.0.1:${controlPlane.port}`], []);
    const { status, text } = await ask(frontend, '/be1-srv');
    expect(status).toBe(502);
    expect(text).toMatch(/^Could not get RPC from be1-srv: UNAVAILABLE: /);
    const warning = await frontend.line(({ msg }) => msg === 'check the config');
    expect(warning).toMatchObject({
      reason: expect.stringContaining('only the first of xds_servers is used, 127.0.0.1:1:') as string,
    });
  });

  it('says so when the control plane cannot be reached', async () => {
    controlPlane.stop();
    const { status, text } = await ask(frontend, '/be1-srv');
    expect(status).toBe(502);
    expect(text).toMatch(/^Could not get RPC from be1-srv: UNAVAILABLE: .*Listener be1-srv/);
  });

  it('keeps the pods that it knows when the control plane goes away', async () => {
    await expect.poll(() => answeredBy('/be1-srv')).toEqual(['a', 'b']);
    controlPlane.stop();
    expect((await ask(frontend, '/be1-srv?calls=100')).status).toBe(200);
  });

  it('gives up its subscription when a channel is idle, and subscribes anew', async () => {
    await end();
    frontend = startFrontend('--channel-idle', '1ms');
    expect((await ask(frontend, '/be1-srv')).status).toBe(200);
    await expect.poll(() => controlPlane.listeners).toEqual([]);
    expect((await ask(frontend, '/be1-srv')).status).toBe(200);
  });
});
