import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { startProxy, type RunningProxy } from '../testing/harness.ts';
import { httpBackend, type HttpBackend, type HttpVersion } from '../testing/http-backend.ts';
import { ask, type HttpResponse } from '../testing/http-client.ts';
import { scriptedBackend, type BackendScript } from '../testing/scripted-backend.ts';
import { writeToken } from './session-token.ts';

const cookie = 'cookie: { name: session }';
const listOf = (backends: readonly { address: string }[]) =>
  backends.map(({ address }) => `'${address}'`).join(', ');

interface Shop {
  old?: readonly { address: string }[];
  fresh?: readonly { address: string }[];
  /** Of the old and the fresh ones. */
  weights?: readonly [number, number];
  session?: string;
  policy?: string;
  http1?: boolean;
  more?: string;
}

/** A config of two services, which one route leads to. */
const shop = ({
  old = [],
  fresh = [],
  weights = [1, 0],
  session = cookie,
  policy = '{}',
  http1 = false,
  more = '',
}: Shop) => `services:
  old: { source: { static: { endpoints: [${listOf(old)}] } }, policy: ${policy}${http1 ? ', protocol: http1' : ''} }
  fresh: { source: { static: { endpoints: [${listOf(fresh)}] } }, policy: ${policy}${http1 ? ', protocol: http1' : ''} }
routes:
  - match: {}
    to: [{ service: old, weight: ${weights[0]} }, { service: fresh, weight: ${weights[1]} }]
    sessionPersistence: { ${session} }
    ${more}
listeners:
  - { name: main, address: 127.0.0.1, port: 0, http1: true }
`;

const named = (name: string, version: HttpVersion = 'http2') =>
  httpBackend(version, (_, response) => void response.end(name));

async function areReady(proxy: RunningProxy, ...counts: number[]): Promise<void> {
  const ready = () =>
    proxy.status().services.map(({ endpoints }) => endpoints.filter(({ state }) => state === 'ready').length);
  await expect.poll(ready).toEqual(counts);
}

const sessionOf = ({ headers }: HttpResponse) =>
  /^session=([\w-]*)/.exec(headers['set-cookie']?.[0] ?? '')?.[1];

/** Who answers ten calls of a session, and whether any of them begins another one. */
async function answers(proxy: RunningProxy, headers: Record<string, string>, version: HttpVersion = 'http2') {
  const all = [];
  for (let count = 0; count < 10; count++) all.push(await ask(version, proxy.port, { headers }));
  const others = all.filter((one) => one.headers['set-cookie'] ?? one.headers['x-session']);
  return { by: [...new Set(all.map(({ text }) => text))], begun: others.length };
}

describe('a session', () => {
  it.each(['http1', 'http2'] as const)('stays where its cookie says, over %s', async (version) => {
    const backends = await Promise.all(['a', 'b', 'c'].map((name) => named(name, version)));
    await using proxy = await startProxy(shop({ old: backends, http1: version === 'http1' }));
    await areReady(proxy, 3, 0);
    const first = await ask(version, proxy.port);
    expect(first.headers['set-cookie']).toEqual([
      expect.stringMatching(/^session=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    const headers = { cookie: `theme=dark; session=${sessionOf(first)}` };
    expect(await answers(proxy, headers, version)).toEqual({ by: [first.text], begun: 0 });
    // The others have not become anybody else's.
    expect((await answers(proxy, {}, version)).by.sort()).toEqual(['a', 'b', 'c']);
    for (const one of backends) await one[Symbol.asyncDispose]();
  });

  it('stays where its header says', async () => {
    await using a = await named('a');
    await using b = await named('b');
    await using proxy = await startProxy(shop({ old: [a, b], session: 'header: { name: x-session }' }));
    await areReady(proxy, 2, 0);
    const first = await ask('http2', proxy.port);
    const headers = { 'x-session': String(first.headers['x-session']) };
    expect(await answers(proxy, headers)).toEqual({ by: [first.text], begun: 0 });
  });

  it('stays with its service when weights change, down to 0; sessions that begin go by the weights', async () => {
    await using a = await named('old a');
    await using b = await named('old b');
    await using c = await named('fresh');
    await using proxy = await startProxy(shop({ old: [a, b], fresh: [c], weights: [1, 0] }));
    await areReady(proxy, 2, 1);
    const first = await ask('http2', proxy.port);
    const headers = { cookie: `session=${sessionOf(first)}` };
    await proxy.write(shop({ old: [a, b], fresh: [c], weights: [0, 1] }));
    await expect.poll(async () => (await ask('http2', proxy.port)).text).toBe('fresh');
    expect(await answers(proxy, headers)).toEqual({ by: [first.text], begun: 0 });
    expect(await answers(proxy, {})).toEqual({ by: ['fresh'], begun: 10 });
  });

  it('stays when endpoints come, and moves once when its own goes', async () => {
    await using a = await named('a');
    await using b = await named('b');
    await using c = await named('c');
    await using proxy = await startProxy(shop({ old: [a] }));
    await areReady(proxy, 1, 0);
    const headers = { cookie: `session=${sessionOf(await ask('http2', proxy.port))}` };
    await proxy.write(shop({ old: [a, b, c] }));
    await areReady(proxy, 3, 0);
    expect(await answers(proxy, headers)).toEqual({ by: ['a'], begun: 0 });
    await proxy.write(shop({ old: [b, c] }));
    await areReady(proxy, 2, 0);
    const moved = await ask('http2', proxy.port, { headers });
    expect(moved.text).not.toBe('a');
    const next = { cookie: `session=${sessionOf(moved)}` };
    await proxy.write(shop({ old: [a, b, c] }));
    await areReady(proxy, 3, 0);
    expect(await answers(proxy, next)).toEqual({ by: [moved.text], begun: 0 });
  });

  it('moves to where the weights lead when its service has nobody left', async () => {
    await using a = await named('old');
    await using b = await named('fresh');
    await using proxy = await startProxy(shop({ old: [a], fresh: [b] }));
    await areReady(proxy, 1, 1);
    const headers = { cookie: `session=${sessionOf(await ask('http2', proxy.port))}` };
    await proxy.write(shop({ old: [], fresh: [b], weights: [0, 1] }));
    await areReady(proxy, 0, 1);
    expect(await answers(proxy, headers)).toEqual({ by: ['fresh'], begun: 10 });
  });

  it('moves when its endpoint refuses connections', async () => {
    const backends = await Promise.all(['a', 'b'].map((name) => named(name)));
    await using proxy = await startProxy(shop({ old: backends }));
    await areReady(proxy, 2, 0);
    const first = await ask('http2', proxy.port);
    const byName: Record<string, HttpBackend | undefined> = { a: backends[0], b: backends[1] };
    await byName[first.text]![Symbol.asyncDispose]();
    await areReady(proxy, 1, 0);
    const headers = { cookie: `session=${sessionOf(first)}` };
    const moved = await ask('http2', proxy.port, { headers });
    expect(moved).toMatchObject({ status: 200 });
    expect(moved.text).not.toBe(first.text);
    expect(sessionOf(moved)).toBeDefined();
    await byName[moved.text]![Symbol.asyncDispose]();
  });

  it('that nobody gave is none: no address that is not an endpoint of the route gets a connection', async () => {
    await using a = await named('a');
    await using stranger = await named('stranger');
    const { address } = stranger;
    await using proxy = await startProxy(shop({ old: [a] }));
    await areReady(proxy, 1, 0);
    const forged = [
      writeToken({ endpoint: address, service: 'old', endsAtS: undefined }),
      writeToken({ endpoint: a.address, service: 'other', endsAtS: undefined }),
      writeToken({ endpoint: a.address, service: 'fresh', endsAtS: undefined }), // its service, but not its endpoint
      writeToken({ endpoint: '__proto__', service: 'constructor', endsAtS: undefined }),
      Buffer.from(address).toString('base64'),
      '"',
      '=;=;',
      'x'.repeat(5000),
    ];
    for (const value of forged) {
      for (const headers of [{ cookie: `session=${value}` }, { cookie: value }]) {
        const answer = await ask('http2', proxy.port, { headers });
        expect(answer).toMatchObject({ text: 'a' });
      }
    }
    expect(stranger.connections).toBe(0);
  });

  it('of two cookies of one name is the first that is one', async () => {
    await using a = await named('a');
    await using b = await named('b');
    await using proxy = await startProxy(shop({ old: [a, b] }));
    await areReady(proxy, 2, 0);
    const token = (endpoint: string) => writeToken({ endpoint, service: 'old', endsAtS: undefined });
    const headers = {
      cookie: `session=; session=garbage; session=${token(b.address)}; session=${token(a.address)}`,
    };
    expect(await answers(proxy, headers)).toEqual({ by: ['b'], begun: 0 });
  });

  it('ends at its time, by the cookie where that is permanent, and by what it says in any case', async () => {
    await using a = await named('a');
    const session = 'cookie: { name: session, permanent: true }, absoluteTimeout: 1h';
    await using proxy = await startProxy(shop({ old: [a], session }));
    await areReady(proxy, 1, 0);
    const first = await ask('http2', proxy.port);
    expect(first.headers['set-cookie']![0]).toContain('; Max-Age=3600; ');
    expect((await answers(proxy, { cookie: `session=${sessionOf(first)}` })).begun).toBe(0);
    const nowS = Math.floor(Date.now() / 1000);
    for (const endsAtS of [nowS - 1, undefined]) {
      const over = writeToken({ endpoint: a.address, service: 'old', endsAtS });
      expect((await answers(proxy, { cookie: `session=${over}` })).begun).toBe(10);
    }
  });
});

describe('a session of gRPC calls', () => {
  /** One call, and the session that it begins. */
  function call(client: GrpcClient, session?: string): Promise<{ text: string; begun: string | undefined }> {
    return new Promise((resolve, reject) => {
      const metadata = new Metadata();
      if (session !== undefined) metadata.set('cookie', `session=${session}`);
      const bytes = (value: Buffer) => value;
      let begun: string | undefined;
      client.client
        .makeUnaryRequest(
          '/echo.EchoServer/SayHello',
          bytes,
          bytes,
          Buffer.from('ping'),
          metadata,
          { deadline: Date.now() + 20_000 },
          (error: ServiceError | null, reply?: Buffer) =>
            error === null ? resolve({ text: reply!.toString(), begun }) : reject(error),
        )
        .on('metadata', (got: Metadata) => {
          begun = /^session=([\w-]+)/.exec(String(got.get('set-cookie')[0] ?? ''))?.[1];
        });
    });
  }
  const replies = (name: string): BackendScript => ({ onEnd: (one) => one.reply(Buffer.from(name)) });

  it('is in the initial metadata, and stays', async () => {
    await using a = await scriptedBackend(replies('a'));
    await using b = await scriptedBackend(replies('b'));
    await using proxy = await startProxy(shop({ old: [a, b] }));
    await areReady(proxy, 2, 0);
    const client = new GrpcClient(proxy.address);
    const first = await call(client);
    for (let count = 0; count < 5; count++)
      expect(await call(client, first.begun)).toEqual({ text: first.text, begun: undefined });
    client.close();
  });

  it('moves with a retry, which goes to another endpoint as in Envoy', async () => {
    await using a = await scriptedBackend({ onEnd: (one) => one.trailersOnly(14) });
    await using b = await scriptedBackend(replies('b'));
    const more = 'retry: { attempts: 2 }';
    await using proxy = await startProxy(shop({ old: [a, b], more }));
    await areReady(proxy, 2, 0);
    const client = new GrpcClient(proxy.address);
    const atA = writeToken({ endpoint: a.address, service: 'old', endsAtS: undefined });
    const answer = await call(client, atA);
    expect(answer.text).toBe('b');
    expect(answer.begun).toBeDefined();
    expect(a.calls).toHaveLength(1);
    expect(await call(client, answer.begun)).toEqual({ text: 'b', begun: undefined });
    client.close();
  });

  it('moves when its endpoint is ejected', async () => {
    await using a = await scriptedBackend({ onEnd: (one) => one.trailersOnly(14) });
    await using b = await scriptedBackend(replies('b'));
    const policy = '{ outlierDetection: { consecutiveFailures: 1, maxEjectionPercent: 50 } }';
    await using proxy = await startProxy(shop({ old: [a, b], policy }));
    await areReady(proxy, 2, 0);
    const client = new GrpcClient(proxy.address);
    const atA = writeToken({ endpoint: a.address, service: 'old', endsAtS: undefined });
    await expect(call(client, atA)).rejects.toMatchObject({ code: 14 });
    expect((await call(client, atA)).text).toBe('b');
    client.close();
  });

  it('waits for its endpoint while that is full, and holds up nobody else', async () => {
    const held: (() => void)[] = [];
    const full = {
      onEnd: (one) => void held.push(() => one.reply(Buffer.from('a'))),
    } satisfies BackendScript;
    await using a = await scriptedBackend(full, { maxStreams: 1 });
    await using b = await scriptedBackend(replies('b'), { maxStreams: 1 });
    const policy = '{ circuitBreaker: { maxConnections: 1 } }';
    await using proxy = await startProxy(shop({ old: [a, b], policy }));
    await areReady(proxy, 2, 0);
    const client = new GrpcClient(proxy.address);
    const atA = writeToken({ endpoint: a.address, service: 'old', endsAtS: undefined });
    const atB = writeToken({ endpoint: b.address, service: 'old', endsAtS: undefined });
    const first = call(client, atA);
    await expect.poll(() => held.length).toBe(1);
    const second = call(client, atA);
    await expect.poll(() => proxy.status().services[0]!.underWay).toBe(2);
    const others = Array.from({ length: 5 }, (_, index) => call(client, index % 2 === 0 ? atB : undefined));
    expect(new Set((await Promise.all(others)).map(({ text }) => text))).toEqual(new Set(['b']));
    held[0]!();
    expect((await first).text).toBe('a');
    await expect.poll(() => held.length).toBe(2);
    held[1]!();
    expect(await second).toEqual({ text: 'a', begun: undefined });
    client.close();
  });
});
