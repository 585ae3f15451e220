import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { ErrorCode } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { GrpcClient, type Outcome } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { grpcMessage, scriptedBackend, type BackendCall } from '../testing/scripted-backend.ts';

/*
 * How a call ends when its endpoint does: phase × way. `retried` = another endpoint has to answer it, with the default
 * config, because the one that died provably did nothing.
 */

const message = grpcMessage(Buffer.from('hello'));
const half = grpcMessage(Buffer.alloc(100, 'x')).subarray(0, 50);

/** How far the answer gets before the end. */
const phases = {
  'before headers': () => {},
  'after headers': (call: BackendCall) => call.answer(),
  'after a message': (call: BackendCall) => {
    call.answer();
    call.send(message);
  },
  'after half a message': (call: BackendCall) => {
    call.answer();
    call.send(half);
  },
} satisfies Record<string, (call: BackendCall) => void>;

const ways = {
  'RST REFUSED_STREAM': (call: BackendCall) => call.reset(ErrorCode.REFUSED_STREAM),
  'RST CANCEL': (call: BackendCall) => call.reset(ErrorCode.CANCEL),
  'RST INTERNAL_ERROR': (call: BackendCall) => call.reset(ErrorCode.INTERNAL_ERROR),
  'RST NO_ERROR': (call: BackendCall) => call.reset(ErrorCode.NO_ERROR),
  'RST ENHANCE_YOUR_CALM': (call: BackendCall) => call.reset(ErrorCode.ENHANCE_YOUR_CALM),
  'RST INADEQUATE_SECURITY': (call: BackendCall) => call.reset(ErrorCode.INADEQUATE_SECURITY),
  'GOAWAY below its id': (call: BackendCall) => call.goaway(Math.max(0, call.stream.id - 2)),
  FIN: (call: BackendCall) => call.fin(),
  'TCP reset': (call: BackendCall) => call.tcpReset(),
  silence: () => {},
} satisfies Record<string, (call: BackendCall) => void>;

type Phase = keyof typeof phases;
type Way = keyof typeof ways;

/** What the client has to see. A message that came whole is the client's, whatever comes after. */
const expected: Record<Way, Partial<Record<Phase, Outcome['code'] | 'retried'>> & { else: Outcome['code'] }> =
  {
    'RST REFUSED_STREAM': { 'before headers': 'retried', else: 'UNAVAILABLE' },
    'RST CANCEL': { else: 'CANCELLED' },
    'RST INTERNAL_ERROR': { else: 'INTERNAL' },
    'RST NO_ERROR': { else: 'INTERNAL' },
    'RST ENHANCE_YOUR_CALM': { else: 'RESOURCE_EXHAUSTED' },
    'RST INADEQUATE_SECURITY': { else: 'PERMISSION_DENIED' },
    'GOAWAY below its id': { 'before headers': 'retried', else: 'UNAVAILABLE' },
    FIN: { else: 'UNAVAILABLE' },
    'TCP reset': { else: 'UNAVAILABLE' },
    silence: { else: 'DEADLINE_EXCEEDED' },
  };

const cases = (Object.keys(ways) as Way[]).flatMap((way) =>
  (Object.keys(phases) as Phase[]).map((phase) => ({
    way,
    phase,
    expect: expected[way][phase] ?? expected[way].else,
  })),
);

describe('the end of an endpoint is a status for the client', () => {
  it.each(cases)('$way $phase: $expect', async ({ way, phase, expect: wanted }) => {
    let deaths = 0;
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        // The first call dies; what is tried again finds the endpoint well.
        if (deaths++ > 0) return call.reply();
        phases[phase](call);
        ways[way](call);
      },
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    const outcome = await client.serverStream({ deadlineMs: way === 'silence' ? 300 : 20_000 });
    client.close();
    const sent = phase === 'after a message' ? ['hello'] : [];
    const answered = wanted === 'retried';
    expect(outcome).toMatchObject({ code: answered ? 'OK' : wanted, messages: answered ? ['hello'] : sent });
    expect(backend.calls).toHaveLength(answered ? 2 : 1);
  });

  const during = (Object.keys(ways) as Way[]).map((way) => ({
    way,
    expect: expected[way]['before headers'] ?? expected[way].else,
  }));
  it.each(during)('$way while the request is on its way: $expect', async ({ way, expect: wanted }) => {
    let deaths = 0;
    await using backend = await scriptedBackend({
      onContent: (call) => void (deaths++ === 0 && ways[way](call)),
      onEnd: (call) => call.reply(call.content.subarray(5)),
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    const call = client.bidi(way === 'silence' ? 300 : 20_000);
    const ended = new Promise((resolve) => call.on('status', ({ code }) => resolve(status[code])));
    const messages: string[] = [];
    call.on('data', (message: Buffer) => messages.push(message.toString())).on('error', () => {});
    call.write(Buffer.from('half'));
    const answered = wanted === 'retried';
    if (answered) {
      // What came before is sent again, and the rest goes there too.
      await expect.poll(() => backend.calls[1]?.content.toString()).toContain('half');
      call.end();
    }
    expect(await ended).toBe(answered ? 'OK' : wanted);
    expect(messages).toEqual(answered ? ['half'] : []);
    expect(backend.calls).toHaveLength(answered ? 2 : 1);
    client.close();
  });

  it('refused: waits for a connection, then UNAVAILABLE, and says why', async () => {
    const port = await freePort();
    await using proxy = await startProxy(oneService([`127.0.0.1:${port}`]), ['--connect-wait', '200ms']);
    const client = new GrpcClient(proxy.address);
    expect(await client.unary()).toMatchObject({
      code: 'UNAVAILABLE',
      details: expect.stringContaining(`127.0.0.1:${port}: ECONNREFUSED`) as string,
    });
    client.close();
  });

  it('refused at first: the call goes through once the endpoint is there', async () => {
    const port = await freePort();
    await using proxy = await startProxy(oneService([`127.0.0.1:${port}`]), ['--connect-wait', '10s']);
    const client = new GrpcClient(proxy.address);
    const outcome = client.unary();
    await expect.poll(() => proxy.status().services[0]!.waiting).toBe(1);
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() }, { port });
    expect(await outcome).toMatchObject({ code: 'OK', messages: ['hello'] });
    expect(backend.calls).toHaveLength(1);
    client.close();
  });

  it('no endpoints: UNAVAILABLE at once', async () => {
    await using proxy = await startProxy(oneService([]), ['--connect-wait', '1h']);
    const client = new GrpcClient(proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'UNAVAILABLE', details: 'echo has no endpoints' });
    client.close();
  });

  it('accepts and never speaks HTTP/2: the other endpoint answers', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    const { port } = mute.address() as AddressInfo;
    await using proxy = await startProxy(oneService([`127.0.0.1:${port}`, backend.address]));
    const client = new GrpcClient(proxy.address);
    for (let count = 0; count < 5; count++) expect(await client.unary()).toMatchObject({ code: 'OK' });
    client.close();
    mute.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
