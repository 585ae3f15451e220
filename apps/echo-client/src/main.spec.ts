import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalCluster } from '@evenly/local-cluster';
import { collector } from '@evenly/service/testing';
import { addressesOf, startCluster } from './testing/cluster.ts';
import { recordingPod } from './testing/recording-pod.ts';
import { endClients, run } from './testing/running-client.ts';

afterEach(endClients);
const closed = 'ipv4:127.0.0.1:1';

describe('against real pods', () => {
  let cluster: LocalCluster;
  beforeEach(async () => {
    cluster = await startCluster(2);
  });
  afterEach(() => cluster.stop());
  const both = () => addressesOf(cluster, 'be1-1', 'be1-2');

  it('lays errors at the door of the pod that fails, and goes on', async () => {
    const args = ['--mode', 'batch', '--concurrency', '2', '--output', 'calls', '--json'];
    const client = run(['--target', both(), ...args]);
    await expect.poll(() => client.callsOf('be1-1') * client.callsOf('be1-2')).toBeGreaterThan(0);
    await cluster.pod('be1-2').behaviour({ failRatio: 1 });
    await expect.poll(() => client.callsOf('be1-2', 'UNAVAILABLE')).toBeGreaterThan(3);
    client.child.kill('SIGTERM');
    const { pods, errors } = await client.summary();
    expect(pods.find(({ pod }) => pod === 'be1-2')!.errors).toBe(errors);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it with the summary, after the calls in flight',
    async (signal) => {
      const client = run(['--target', both(), '--interval', '10ms', '--output', 'calls']);
      for (const name of ['be1-1', 'be1-2']) {
        await expect.poll(() => client.stdout).toContain(`${name} answered after`);
      }
      await Promise.all(['be1-1', 'be1-2'].map((name) => cluster.pod(name).behaviour({ delay: '300ms' })));
      client.child.kill(signal);
      expect(await client.exitCode()).toBe(0);
      expect(client.stdout).toMatch(/^pod +calls +share +p50 +p99 +errors\nbe1-1 +\d+ +[\d.]+%/m);
      expect(client.stdout).toMatch(
        /^\d+ calls in [\d.]+ s, none failed\nJain's fairness index [01]\.\d{4}/m,
      );
    },
  );

  it('says how even it was over all endpoints that are known', async () => {
    const args = ['--target', both(), '--policy', 'pick_first', '--calls', '23', '--interval', '1ms'];
    const summary = await run([...args, '--json']).summary();
    expect(summary).toMatchObject({ calls: 23, errors: 0, jain: 0.5, uncalled: 1 });
    expect(summary.pods).toHaveLength(1);
    const text = run([...args]);
    expect(await text.exitCode()).toBe(0);
    expect(text.stdout).toMatch(/^Jain's fairness index 0\.5000, .*; endpoints without a call: 1$/m);
  });

  it('cancels calls that hang when the drain timeout is over, and still exits 0 with the summary', async () => {
    await Promise.all(['be1-1', 'be1-2'].map((name) => cluster.pod(name).behaviour({ hang: true })));
    const client = run(['--target', both(), '--drain-timeout', '100ms', '--json']);
    const inFlight = async () => (await client.ask('/metrics')).text;
    await expect.poll(inFlight).toContain('grpc_client_in_flight 1');
    client.child.kill('SIGTERM');
    const { errorCodes } = await client.summary();
    expect(errorCodes).toEqual({ CANCELLED: 1 });
    expect(await client.exitCode()).toBe(0);
  });

  it('says in /healthz whether a call succeeds, and counts no such call in its tally', async () => {
    const client = run(['--target', both(), '--interval', '1h', '--json']);
    expect(await client.ask('/healthz')).toMatchObject({
      status: 200,
      text: expect.stringMatching(/from hostname be1-[12]\n$/) as string,
    });
    expect((await client.ask('/anything')).status).toBe(200);
    await Promise.all(['be1-1', 'be1-2'].map((name) => cluster.pod(name).behaviour({ failRatio: 1 })));
    expect(await client.ask('/healthz')).toEqual({
      status: 500,
      text: 'UNAVAILABLE: this call was chosen to fail (fail ratio)\n',
    });
    await expect.poll(async () => (await client.ask('/readyz')).text).toBe('ready\n');
    expect((await client.ask('/metrics')).text).toMatch(
      /grpc_client_handled_total\{pod="be1-[12]",grpc_code="OK"\} 1/,
    );
    client.child.kill('SIGTERM');
    expect((await client.summary()).calls).toBe(1);
  });

  it('is ready when a pod of its target is connected, says why before that, and stays ready', async () => {
    const { port, stop } = await recordingPod();
    stop();
    const client = run(['--target', `ipv4:127.0.0.1:${port}`, '--interval', '20ms', '--json']);
    const readyz = () => client.ask('/readyz');
    const why = `  channel ipv4:127.0.0.1:${port}: TRANSIENT_FAILURE, the last call: round_robin: No connection`;
    await expect.poll(readyz).toMatchObject({ status: 503, text: expect.stringContaining(why) as string });
    const pod = await recordingPod({ port });
    await expect.poll(readyz, { timeout: 20_000 }).toEqual({ status: 200, text: 'ready\n' });
    pod.stop();
    await expect.poll(async () => (await client.ask('/healthz')).status).toBe(500);
    expect((await readyz()).status).toBe(200);
  }, 40_000);

  it('makes one trace of its call and the pod’s', async () => {
    const traces = await collector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: traces.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
    const pod = await recordingPod();
    const client = run(['--target', pod.target, '--calls', '1'], env);
    expect(await client.exitCode()).toBe(0);
    pod.stop();
    traces.close();
    const [span] = traces.spans;
    expect(span).toMatchObject({ service: 'echo-client', name: 'echo.EchoServer/SayHello' });
    expect(traces.attribute(span!, 'rpc.grpc.status_code')).toBe(0);
    const [parent] = pod.requests[0]!.metadata.get('traceparent');
    expect(parent).toBe(`00-${span!.traceId}-${span!.spanId}-01`);
  });
});

describe('what it sends', () => {
  let pod: Awaited<ReturnType<typeof recordingPod>>;
  beforeEach(async () => {
    pod = await recordingPod();
  });
  afterEach(() => pod.stop());

  it('its name with the number of the call, the headers, the deadline', async () => {
    const args = ['--target', pod.target, '--calls', '2', '--interval', '1ms', '--name', 'me'];
    await run([...args, '--headers', 'x-canary=always, x-team=a=b', '--deadline', '20s']).exitCode();
    expect(pod.requests.map(({ name }) => name)).toEqual(['me_1', 'me_2']);
    const [{ metadata, deadlineMs }] = pod.requests as [(typeof pod.requests)[0]];
    expect([metadata.get('x-canary'), metadata.get('x-team')]).toEqual([['always'], ['a=b']]);
    expect(deadlineMs).toBeGreaterThan(10_000);
    expect(deadlineMs).toBeLessThanOrEqual(20_000);
  });

  it('takes the names of other systems from the environment', async () => {
    const env = { SERVER_ADDRESS: pod.target.replace('ipv4:', ''), NAME: 's1', DURATION: '1ms' };
    await run(['--calls', '2'], env).exitCode();
    expect(pod.requests.map(({ name }) => name)).toEqual(['s1_1', 's1_2']);
  });

  it('lives on when its pod dies, and calls it when it is back', async () => {
    const client = run(['--target', pod.target, '--interval', '5ms', '--output', 'calls', '--json']);
    const counts = (code: string) => client.output.filter((line) => line.code === code).length;
    await expect.poll(() => counts('OK')).toBeGreaterThan(0);
    pod.stop();
    await expect.poll(() => counts('UNAVAILABLE')).toBeGreaterThan(2);
    pod = await recordingPod({ port: pod.port });
    const before = counts('OK');
    await expect.poll(() => counts('OK')).toBeGreaterThan(before);
  });

  it('fails at once without an endpoint, and waits for one when told to', async () => {
    const args = ['--calls', '1', '--deadline', '500ms', '--json'];
    const eager = run(['--target', closed, ...args]);
    const patient = run(['--target', closed, ...args, '--wait-for-ready']);
    expect((await eager.summary()).errorCodes).toEqual({ UNAVAILABLE: 1 });
    expect((await patient.summary()).errorCodes).toEqual({ DEADLINE_EXCEEDED: 1 });
  });
});

it('ends when nobody reads its output any more', async () => {
  const client = run(['--target', closed, '--interval', '1ms', '--output', 'calls']);
  await expect.poll(() => client.stdout).toContain('nobody failed');
  client.child.stdout!.destroy();
  expect(await client.exitCode()).toBe(0);
});

describe('bad input', () => {
  it('lists every bad option and exits 64', async () => {
    const client = run(
      ['--mode', 'burst', '--headers', 'grpc-timeout=1', '--service-config', '[1]', '--rate', '0'],
      { SERVER_ADDRESS: 'nope:///x', DURATION: 'often' },
    );
    expect(await client.exitCode()).toBe(64);
    expect(client.stderr).toContain('SERVER_ADDRESS: expected HOST:PORT or a gRPC target with a scheme');
    expect(client.stderr).toContain('--mode: expected one of batch, interval, threads, rate, got "burst"');
    expect(client.stderr).toContain('--headers: "grpc-timeout=1": gRPC sets headers with such names itself');
    expect(client.stderr).toContain('--service-config: expected a service config as a JSON object');
    expect(client.stderr).toContain('--rate: expected a whole number from 1');
    expect(client.stderr).toContain('DURATION: expected a duration');
  });

  it.each([
    [[], '--target (EVENLY_TARGET): is required'],
    [['--target', 'xds:///be1-srv'], 'needs an xDS bootstrap: set GRPC_XDS_BOOTSTRAP'],
  ])('%j is refused with exit code 64', async (args, reason) => {
    const client = run(args);
    expect(await client.exitCode()).toBe(64);
    expect(client.stderr).toContain(reason);
  });

  it('exits 69 and names the option when its port is in use', async () => {
    const port = await run(['--target', closed]).port('http');
    const second = run(['--target', closed, '--port', String(port)]);
    expect(await second.exitCode()).toBe(69);
    expect(second.stderr).toContain(`port ${port} is in use; choose another with --port`);
  });
});
