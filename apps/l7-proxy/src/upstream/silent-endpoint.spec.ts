import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

const quickProbes = [
  '--upstream-probe',
  '500ms',
  '--upstream-probe-timeout',
  '1s',
  '--connect-timeout',
  '1s',
];
const wait = { timeout: 15_000 };

/** A backend that is a process, so that it can be stopped. */
async function backendProcess() {
  const directory = await mkdtemp(join(tmpdir(), 'silent-'));
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const program = new URL('../testing/ledger-backend.mjs', import.meta.url).pathname;
  const args = [program, '127.0.0.1', String(port), join(directory, 'ledger')];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(createInterface(child.stdout), 'line');
  return {
    address: `127.0.0.1:${port}`,
    stop: () => child.kill('SIGSTOP'),
    goOn: () => child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}

describe('an endpoint that says nothing any more', () => {
  it.each([
    ['callers that wait', 20_000],
    ['callers with short deadlines', 100],
  ])('is out of rotation soon, with %s, and back when it answers', async (_who, deadlineMs) => {
    await using stopped = await backendProcess();
    await using good = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(oneService([stopped.address, good.address]), quickProbes);
    const states = () =>
      proxy
        .status()
        .services[0]!.endpoints.map(({ state }) => state)
        .sort();
    await expect.poll(states, wait).toEqual(['ready', 'ready']);
    const client = new GrpcClient(proxy.address);
    stopped.stop();
    const calls = Promise.all(Array.from({ length: 10 }, () => client.unary('', { deadlineMs })));
    await expect.poll(states, wait).toEqual(['ready', 'unreachable']);
    expect((await calls).filter(({ code }) => code === 'OK')).toHaveLength(5);
    // Nobody pays for the attempts to reach it.
    const later = await Promise.all(Array.from({ length: 20 }, () => client.unary('')));
    expect(later.map(({ code }) => code)).toEqual(Array(20).fill('OK'));
    stopped.goOn();
    await expect.poll(states, wait).toEqual(['ready', 'ready']);
    client.close();
  });

  it('one that is slow, or has nothing to say on its streams, keeps its connection', async () => {
    await using backend = await scriptedBackend({
      onCall: (call) => call.answer(),
      onEnd: (call) => setTimeout(() => call.trailers(), 5000),
    });
    await using proxy = await startProxy(oneService([backend.address]), quickProbes);
    const client = new GrpcClient(proxy.address);
    const silent = client.bidi();
    silent.on('error', () => {});
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => client.serverStream()));
    expect(outcomes.map(({ code }) => code)).toEqual(Array(5).fill('OK'));
    expect(backend.connections).toBe(1);
    silent.cancel();
    client.close();
  });
});
