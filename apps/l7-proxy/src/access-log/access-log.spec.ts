import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunningProgram, type LogLine } from '@evenly/service/testing';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'access-log-'));
  file = join(directory, 'access.log');
});
afterEach(() => rm(directory, { recursive: true }));

const lines = async () =>
  (await readFile(file, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const start = (config: string, ...flags: string[]) => startProxy(config, ['--access-log', file, ...flags]);
/** So that lines that wait are written. */
const inTime = () => AbortSignal.timeout(10_000);

it('has a line for each call: what it was, where it went, what came of it', async () => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply(Buffer.from('four')) });
  await using proxy = await start(oneService([backend.address]));
  const client = new GrpcClient(proxy.address);
  await client.unary('ping', { metadata: { 'x-request-id': 'mine' } });
  client.close();
  await expect.poll(lines).toHaveLength(1);
  const [line] = await lines();
  expect(line).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    event: 'access',
    listener: 'proxy',
    peer: '127.0.0.1',
    method: 'POST',
    path: '/echo.EchoServer/SayHello',
    authority: proxy.address,
    route: 'all',
    service: 'echo',
    endpoint: backend.address,
    attempts: 1,
    httpStatus: 200,
    grpcStatus: 'OK',
    requestBytes: 9,
    responseBytes: 9,
    durationMs: expect.any(Number) as number,
    requestId: 'mine',
    userAgent: expect.stringContaining('grpc-node') as string,
  });
});

it('says why a call came to nothing, and how often it was tried', async () => {
  await using backend = await scriptedBackend({
    onEnd: (call) => {
      const wanted = call.headers.get('x-wanted');
      if (wanted === 'error') call.trailersOnly(14, [['grpc-message', 'no']]);
    },
  });
  const to = 'to: [{ service: echo }]';
  const config = `services:
  echo:
    source: { static: { endpoints: ['${backend.address}'] } }
    policy: { retry: { attempts: 3, on: [UNAVAILABLE] } }
routes:
  - { match: { path: { exact: /fault } }, fault: { abort: { code: INTERNAL, percent: 100 } }, ${to} }
  - { match: { path: { exact: /slow } }, timeout: 50ms, ${to} }
  - { match: { path: { prefix: /echo. } }, ${to} }
`;
  await using proxy = await start(config);
  const client = new GrpcClient(proxy.address);
  await client.unary('ping', { metadata: { 'x-wanted': 'error' } });
  await client.unary('ping', { path: '/elsewhere' });
  await client.unary('ping', { path: '/fault' });
  const cancelled = client.bidi();
  cancelled.on('error', () => {});
  cancelled.write(Buffer.from('x'));
  await expect.poll(() => backend.calls.length).toBe(4);
  cancelled.cancel();
  await client.unary('ping', { path: '/slow' });
  await expect.poll(async () => (await lines()).length).toBe(5);
  const at = { service: 'echo', endpoint: backend.address };
  expect(await lines()).toMatchObject([
    { grpcStatus: 'UNAVAILABLE', attempts: 3, ...at },
    { grpcStatus: 'UNIMPLEMENTED', why: 'no-route', attempts: 0 },
    { grpcStatus: 'INTERNAL', why: 'fault', attempts: 0, service: 'echo' },
    { grpcStatus: 'CANCELLED', why: 'client-cancelled', attempts: 1, ...at },
    { grpcStatus: 'DEADLINE_EXCEEDED', why: 'deadline', attempts: 1, ...at },
  ]);
  client.close();
});

it('has plain HTTP/2 requests too, long values cut, and what a request chooses stays within its line', async () => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.trailersOnly(0) });
  await using proxy = await start(oneService([backend.address]));
  const session = connect(`http://${proxy.address}`);
  const path = `/"}%0a{"x":"${'x'.repeat(3000)}`;
  const request = session.request({ ':path': path, 'user-agent': 'a"}{"event":"access' });
  request.resume();
  await once(request, 'close');
  session.close();
  await expect.poll(lines).toHaveLength(1);
  const [line] = await lines();
  expect(line).toMatchObject({ method: 'GET', httpStatus: 200, userAgent: 'a"}{"event":"access' });
  expect(line).not.toHaveProperty('grpcStatus');
  expect(line!['path']).toBe(`${path.slice(0, 1024)}…`);
});

it('has only the share of the calls that it shall have', async () => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  const proxy = await start(oneService([backend.address]), '--access-log-sample', '0.5');
  const client = new GrpcClient(proxy.address);
  await Promise.all(Array.from({ length: 200 }, () => client.unary()));
  client.close();
  await proxy.drain(inTime());
  // 7 standard deviations of a fair coin
  expect(Math.abs((await lines()).length - 100)).toBeLessThan(50);
});

it('a file that cannot be written is refused at the start', async () => {
  file = join(directory, 'is', 'not', 'there');
  await expect(start(oneService(['127.0.0.1:1']))).rejects.toMatchObject({
    code: 'BAD_CONFIG',
    message: expect.stringContaining('--access-log: ENOENT') as string,
  });
});

it('on standard output it stands between the lines of the log, also of several workers', async () => {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  await writeFile(file, oneService([backend.address]));
  const options = ['--config', file, '--host', '127.0.0.1', '--port', '0', '--access-log', 'stdout'];
  const main = new URL('../../dist/main.js', import.meta.url);
  const program = new RunningProgram(main, [...options, '--workers', '2', '--exit-with-parent']);
  const client = new GrpcClient(`127.0.0.1:${await program.port('proxy')}`);
  expect((await client.unary()).code).toBe('OK');
  const line: LogLine & { grpcStatus?: string } = await program.line(({ event }) => event === 'access');
  expect(line.grpcStatus).toBe('OK');
  client.close();
  program.child.kill('SIGTERM');
  await program.exitCode();
});
