import { connect } from 'node:http2';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ErrorCode } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend, type BackendCall } from '../testing/scripted-backend.ts';
import { field, frame, headers, rawClient, request as requestBlock } from '../testing/raw-frames.ts';
import { isDeadlineOfCaller } from './deadline.ts';
import { parseGrpcTimeout } from '../routing/grpc-timeout.ts';

/** So many that some find the endpoint's clock before ours, and some after it. */
const manyCalls = 40;

/** Does it when the endpoint's own clock says that the time is over. */
const atDeadline = (does: (call: BackendCall) => void) => (call: BackendCall) => {
  setTimeout(() => does(call), parseGrpcTimeout(call.headers.get('grpc-timeout')!));
};

const retrying =
  'retry: { attempts: 5, on: [CANCELLED, DEADLINE_EXCEEDED], backoff: { base: 1ms, max: 1ms } }';
const hedging = 'hedge: { attempts: 2, delay: 5ms, nonFatal: [CANCELLED, DEADLINE_EXCEEDED] }';

const ends: [string, (call: BackendCall) => void][] = [
  ['resets', (call) => call.reset(ErrorCode.CANCEL)],
  ['answers CANCELLED', (call) => call.trailersOnly(1)],
  ['answers DEADLINE_EXCEEDED', (call) => call.trailersOnly(4)],
  [
    'resets in the middle of its answer',
    (call) => {
      call.answer();
      call.reset(ErrorCode.CANCEL);
    },
  ],
  [
    'answers CANCELLED in its trailers',
    (call) => {
      call.answer();
      call.trailers(1);
    },
  ],
];
const policies = [
  ['plain', ''],
  ['with retries', retrying],
  ['hedged', hedging],
] as const;

describe.each(policies)('the deadline of a call, %s', (_name, policy) => {
  it.each(ends)('an endpoint that %s then has not cancelled it', async (_how, end) => {
    await using backend = await scriptedBackend({ onCall: atDeadline(end) });
    const own = policy === '' ? '' : `, ${policy}`;
    await using proxy = await startProxy(
      oneService([backend.address], `    policy: { timeout: 30ms${own} }`),
    );
    const client = new GrpcClient(proxy.address);
    const outcomes = await Promise.all(Array.from({ length: manyCalls }, () => client.unary()));
    expect(outcomes.map(({ code }) => code)).toEqual(Array(manyCalls).fill('DEADLINE_EXCEEDED'));
    const metrics = await proxy.metrics.metrics();
    expect(metrics).toContain(`calls_total{route="all",code="DEADLINE_EXCEEDED"} ${manyCalls}\n`);
    expect(metrics).not.toContain('code="CANCELLED"');
    expect(metrics).not.toMatch(/retries_total\{route="all",kind="policy"\} [1-9]/);
    client.close();
  });
});

it('before it, CANCEL is what it says', async () => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reset(ErrorCode.CANCEL) });
  await using proxy = await startProxy(oneService([backend.address], '    policy: { timeout: 60s }'));
  const client = new GrpcClient(proxy.address);
  expect(await client.unary()).toMatchObject({ code: 'CANCELLED' });
  client.close();
});

it('an endpoint whose answer is under way has no failure by it', async () => {
  await using backend = await scriptedBackend({ onCall: (call) => call.answer() });
  await using proxy = await startProxy(oneService([backend.address], '    policy: { timeout: 30ms }'));
  const client = new GrpcClient(proxy.address);
  expect(await client.serverStream()).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(await proxy.metrics.metrics()).toMatch(/endpoint_failures_total\{[^}]*\} 0\n/);
  client.close();
});

it.each(['0m', '0n', '1n'])('a call with %s left goes to no endpoint', async (timeout) => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  await using proxy = await startProxy(oneService([backend.address]));
  const session = connect(`http://${proxy.address}`);
  const request = session.request({ ...grpcCall, 'grpc-timeout': timeout }).end();
  const [headers] = await new Promise<[Record<string, string>]>((resolve) =>
    request.on('response', (...all: unknown[]) => resolve(all as [Record<string, string>])),
  );
  expect(headers['grpc-status']).toBe('4');
  expect(backend.calls).toHaveLength(0);
  session.close();
});

it.each(['99999999H', '2562047H', '99999999S'])('a call with %s is made', async (timeout) => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  await using proxy = await startProxy(oneService([backend.address]));
  const session = connect(`http://${proxy.address}`);
  const request = session.request({ ...grpcCall, 'grpc-timeout': timeout }).end();
  const trailers = await new Promise((resolve) => request.on('trailers', resolve).resume());
  expect(trailers).toMatchObject({ 'grpc-status': '0' });
  expect(backend.calls[0]!.headers.get('grpc-timeout')).toMatch(/^\d{1,8}[HMSmu]$/);
  session.close();
});

const grpcCall = {
  ':path': '/echo.EchoServer/SayHello',
  ':method': 'POST',
  'content-type': 'application/grpc',
};

describe("a client's reset at its own deadline", () => {
  // gRPC's C core says up to a hundredth more than it has: its reset comes before our own clock has found the time over.
  const resetEarly = async (address: string, count: number) => {
    const session = connect(`http://${address}`);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const request = session.request({ ...grpcCall, 'grpc-timeout': '2000m' }).on('error', () => {});
        request.resume().end();
        setTimeout(() => request.close(ErrorCode.CANCEL), 1985);
        await new Promise((resolve) => request.on('close', resolve));
      }),
    );
    session.close();
  };

  it('is a deadline in the log, in the metrics, and for the endpoint', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'deadlines-'));
    const file = join(directory, 'access.log');
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]), ['--access-log', file]);
    await resetEarly(proxy.address, 1);
    const log = () => readFile(file, 'utf8');
    await expect.poll(log).toContain('"grpcStatus":"DEADLINE_EXCEEDED"');
    expect(await log()).toContain('"why":"deadline"');
    const metrics = await proxy.metrics.metrics();
    expect(metrics).toContain('calls_total{route="all",code="DEADLINE_EXCEEDED"} 1\n');
    expect(metrics).toMatch(/endpoint_failures_total\{[^}]*\} 1\n/);
    await rm(directory, { recursive: true });
  });

  it('ejects an endpoint that answers nobody', async () => {
    await using backend = await scriptedBackend({});
    await using other = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(
      oneService(
        [backend.address, other.address],
        '    policy: { outlierDetection: { consecutiveFailures: 3 } }',
      ),
    );
    const ejected = () =>
      proxy.status().services[0]!.endpoints.filter((one) => one.state === 'ejected').length;
    await resetEarly(proxy.address, 8);
    await expect.poll(ejected).toBe(1);
  });

  it.each([
    ['250m', 'DEADLINE_EXCEEDED'],
    ['60S', 'CANCELLED'],
  ])('that was read late, together with its request of %s, is %s', async (timeout, code) => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(
      oneService([backend.address]).replace(
        'routes:',
        'routes:\n  - { name: late, match: { authority: late }, to: [{ service: echo }] }',
      ),
    );
    const call = (id: number, ms: string, authority = 'x') =>
      headers(
        id,
        false,
        Buffer.concat([
          requestBlock.subarray(0, 3),
          field(':authority', authority),
          field('content-type', 'application/grpc'),
          field('grpc-timeout', ms),
        ]),
      );
    const socket = await rawClient(proxy.port);
    // There is a time-out twice a second.
    const others = Array.from({ length: 60 }, (_, index) => call(index * 2 + 1, `${(index + 1) * 500}m`));
    socket.write(Buffer.concat(others));
    await expect.poll(() => backend.calls.length).toBeGreaterThan(0);
    socket.write(call(999, timeout, 'late'));
    // Nothing of this process runs, as where there is no free processor: the request waits to be read, and the time-outs too.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
    socket.write(frame(3, 0, 999, Buffer.from([0, 0, 0, ErrorCode.CANCEL])));
    await expect
      .poll(() => proxy.metrics.metrics())
      .toContain(`calls_total{route="late",code="${code}"} 1\n`);
    socket.destroy();
  });

  it.each([
    // What it asked for, how long the call has been here, how long the request may have waited before that.
    [1000, 950, 0, true],
    [1000, 930, 0, false],
    [100, 51, 0, true],
    [100, 49, 0, false],
    [20_000, 19_760, 0, true],
    [20_000, 19_740, 0, false],
    [1000, 740, 200, true],
    [1000, 730, 200, false],
    [10, 4, 0, false],
  ])('of %i ms: after %i ms, %i of them late', (timeoutMs, passedMs, lateMs, isDeadline) => {
    expect(isDeadlineOfCaller(5000 + passedMs, 5000, timeoutMs, lateMs)).toBe(isDeadline);
  });

  it('before it, a reset is a cancellation', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]));
    const session = connect(`http://${proxy.address}`);
    const request = session.request({ ...grpcCall, 'grpc-timeout': '60S' }).on('error', () => {});
    request.end();
    await expect.poll(() => backend.calls.length).toBe(1);
    request.close(ErrorCode.CANCEL);
    await expect.poll(() => proxy.metrics.metrics()).toContain('code="CANCELLED"} 1\n');
    expect(await proxy.metrics.metrics()).toMatch(/endpoint_failures_total\{[^}]*\} 0\n/);
    session.close();
  });
});
