import { setImmediate } from 'node:timers/promises';
import {
  credentials,
  makeGenericClientConstructor,
  type Client,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bidi,
  GrpcServer,
  lengthPrefixed,
  limitCalls,
  refuse,
  Status,
  StatusError,
  unary,
  type GrpcServerOptions,
  type Method,
  type ServerCall,
} from './index.ts';
import { messageOf, rawClient, statusOf } from './testing/raw-client.ts';

const codec = (path: string) => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: (bytes: Buffer) => {
    const text = bytes.toString();
    if (text === 'broken') throw new Error('no text');
    return text;
  },
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
});
const echo = codec('/test.Test/Echo');
const shout = { ...codec('/test.Test/Shout'), requestStream: false, responseStream: false };
const gone = { ...shout, path: '/test.Test/Gone' };
const nowhere = { ...shout, path: '/test.Test/Nowhere' };

interface TestClient extends Client {
  echo(options?: object): ClientDuplexStream<string, string>;
  shout(text: string, done: (error: ServiceError | null, text?: string) => void): void;
  gone(text: string, done: (error: ServiceError | null, text?: string) => void): void;
  nowhere(text: string, done: (error: ServiceError | null, text?: string) => void): void;
}
const Stub = makeGenericClientConstructor({ echo, shout, gone, nowhere }, 'test') as unknown as new (
  ...args: ConstructorParameters<typeof Client>
) => TestClient;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Seen {
  call: ServerCall;
  requests: string[];
  closed: string | undefined;
  isClosed: boolean;
}

/** A server with an echo (`big 1000` is answered with 1000 bytes), a unary method, and one that is refused. */
async function start(options: Partial<GrpcServerOptions> = {}, wrap = (method: Method) => method) {
  const seen: Seen[] = [];
  const echoMethod = bidi<string>(echo, (call) => {
    const own: Seen = { call, requests: [], closed: undefined, isClosed: false };
    seen.push(own);
    return {
      onRequest: (text) => {
        own.requests.push(text);
        if (text === 'refuse') throw new StatusError(Status.INVALID_ARGUMENT, 'not this: 100 % "nö"\n');
        const [, bytes] = /^big (\d+)/.exec(text) ?? [];
        call.send(bytes === undefined ? Buffer.from(text) : Buffer.alloc(Number(bytes)));
      },
      onClose: (reason) => {
        own.closed = reason;
        own.isClosed = true;
      },
    };
  });
  const server = new GrpcServer({
    maxMessageBytes: 200_000,
    methods: new Map([
      [echo.path, wrap(echoMethod)],
      [shout.path, unary(shout, (text) => text.toUpperCase())],
      [gone.path, refuse(new StatusError(Status.UNIMPLEMENTED, 'use Shout'))],
    ]),
    ...options,
  });
  const port = await server.listen('127.0.0.1', 0);
  closers.push(() => server.close(AbortSignal.abort(), 1, 'the end'));
  const client = () => {
    const stub = new Stub(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
    });
    closers.push(() => stub.close());
    return stub;
  };
  const raw = (rawOptions?: Parameters<typeof rawClient>[1]) => {
    const made = rawClient(port, rawOptions);
    closers.push(() => made.close());
    return made;
  };
  return { server, port, seen, client, raw };
}

const called = (method: (done: (error: ServiceError | null, text?: string) => void) => void) =>
  new Promise<ServiceError | string>((resolve) => method((error, text) => resolve(error ?? text!)));

/** What comes of a stream: its answers, and the status that ends it. */
function watch(stream: ClientDuplexStream<string, string>) {
  const answers: string[] = [];
  const seen: { status?: { code: number; details: string } } = {};
  stream.on('data', (text: string) => answers.push(text));
  stream.on('error', () => undefined); // the status says it
  stream.on('status', (status: { code: number; details: string }) => (seen.status = status));
  return { answers, seen };
}

describe('calls of a gRPC client', () => {
  it('streams both ways, messages of all sizes, and ends with OK when the client does', async () => {
    const { client, seen } = await start();
    const stream = client().echo();
    const { answers, seen: end } = watch(stream);
    const texts = ['', 'a', 'x'.repeat(16_384), 'y'.repeat(199_000), 'z'];
    for (const text of texts) stream.write(text);
    await expect.poll(() => answers.length).toBe(texts.length);
    expect(answers).toEqual(texts);
    stream.end();
    await expect.poll(() => end.status).toMatchObject({ code: Status.OK });
    expect(seen[0]).toMatchObject({ isClosed: true, closed: undefined });
  });

  it('answers a unary call, refuses one that is gone and one that never was, and what cannot be read', async () => {
    const stub = (await start()).client();
    expect(await called((done) => stub.shout('hello', done))).toBe('HELLO');
    const code = Status.UNIMPLEMENTED;
    expect(await called((done) => stub.gone('', done))).toMatchObject({ code, details: 'use Shout' });
    expect(await called((done) => stub.nowhere('', done))).toMatchObject({
      code,
      details: 'this server has no method /test.Test/Nowhere',
    });
    const broken = await called((done) => stub.shout('broken', done));
    expect(broken).toMatchObject({ code: Status.INTERNAL });
  });

  it('ends a stream with the status that its method throws, whatever its text, and leaves the others alone', async () => {
    const { client, seen } = await start();
    const stub = client();
    const [bad, good] = [stub.echo(), stub.echo()];
    const [badEnd, goodEnd] = [watch(bad), watch(good)];
    bad.write('refuse');
    const details = 'not this: 100 % "nö"\n';
    await expect.poll(() => badEnd.seen.status).toMatchObject({ code: Status.INVALID_ARGUMENT, details });
    expect(seen.find(({ requests }) => requests.length > 0)?.closed).toBe(details);
    good.write('still here');
    await expect.poll(() => goodEnd.answers).toEqual(['still here']);
  });

  it('says when the client cancels, and when its connection goes', async () => {
    const { client, raw, seen } = await start();
    const stream = client().echo();
    watch(stream);
    stream.write('a');
    await expect.poll(() => seen.length).toBe(1);
    stream.cancel();
    await expect.poll(() => seen[0]!.isClosed).toBe(true);
    const other = raw();
    const reset = other.call();
    other.call();
    await expect.poll(() => seen.length).toBe(3);
    other.connection.reset(reset.stream, 8);
    await expect.poll(() => seen[1]!.closed).toBe('reset by peer');
    expect(seen[2]!.isClosed).toBe(false);
    other.close();
    await expect.poll(() => seen[2]!.isClosed).toBe(true);
    expect(seen[2]!.closed).toBeDefined();
  });

  it('ends a call whose deadline has passed', async () => {
    const { raw, seen } = await start();
    const call = raw().call({ 'grpc-timeout': '20m' });
    await expect.poll(() => statusOf(call)).toBe(Status.DEADLINE_EXCEEDED);
    expect(seen[0]!.isClosed).toBe(true);
  });

  it('takes so many calls of a kind at a time, and more when one has ended', async () => {
    const { client } = await start({}, (method) => limitCalls(1, method));
    const stub = client();
    const first = stub.echo();
    const { answers } = watch(first);
    first.write('a');
    await expect.poll(() => answers).toEqual(['a']);
    const second = watch(stub.echo());
    await expect.poll(() => second.seen.status).toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    first.cancel();
    await expect
      .poll(async () => {
        const next = stub.echo();
        const { answers: nextAnswers, seen } = watch(next);
        next.write('b');
        await expect.poll(() => nextAnswers.length > 0 || seen.status !== undefined).toBe(true);
        next.cancel();
        return nextAnswers;
      })
      .toEqual(['b']);
  });

  it('lets only those in that it is told to', async () => {
    const admit = () => new StatusError(Status.PERMISSION_DENIED, 'not you');
    const { client, seen } = await start({ admit });
    const answer = await called((done) => client().shout('a', done));
    expect(answer).toMatchObject({ code: Status.PERMISSION_DENIED, details: 'not you' });
    expect(seen).toEqual([]);
  });
});

describe('malformed calls', () => {
  const prefix = (length: number, compressed = 0) => {
    const bytes = Buffer.alloc(5);
    bytes[0] = compressed;
    bytes.writeUInt32BE(length, 1);
    return bytes;
  };

  it.each([
    ['a message above the largest size', [prefix(200_001)], false, Status.RESOURCE_EXHAUSTED],
    ['a message that claims 4 GB', [prefix(0xffff_ffff)], false, Status.RESOURCE_EXHAUSTED],
    ['a compressed message', [prefix(3, 1), Buffer.from('abc')], false, Status.UNIMPLEMENTED],
    ['a last message that is cut off', [prefix(3), Buffer.from('ab')], true, Status.INTERNAL],
    ['a length that is cut off', [Buffer.from([0, 0])], true, Status.INTERNAL],
    ['one that cannot be read', [lengthPrefixed(Buffer.from('broken'))], false, Status.INTERNAL],
  ])('%s ends the call with a status', async (_what, chunks, ends, status) => {
    const { raw } = await start();
    const client = raw();
    const call = client.call();
    chunks.forEach((chunk, index) => client.send(call, chunk, ends && index === chunks.length - 1));
    await expect.poll(() => statusOf(call)).toBe(status);
    expect(call.blocks[0]!.get('grpc-accept-encoding')).toBe('identity');
    const next = client.call({ ':path': shout.path });
    client.send(next, lengthPrefixed(Buffer.from('a')), true);
    await expect.poll(() => statusOf(next)).toBe(Status.OK);
  });

  it('reads messages byte by byte, and many at once', async () => {
    const { raw, seen } = await start();
    const client = raw();
    const call = client.call();
    const bytes = Buffer.concat(['one', '', 'three'].map((text) => lengthPrefixed(Buffer.from(text))));
    for (const byte of bytes) {
      client.send(call, Buffer.from([byte]));
      await setImmediate();
    }
    client.send(call, Buffer.concat([bytes, bytes.subarray(0, 7)]));
    client.send(call, bytes.subarray(7), true);
    await expect.poll(() => statusOf(call)).toBe(Status.OK);
    expect(seen[0]!.requests.join()).toBe(Array<string>(3).fill('one,,three').join());
  });

  it.each([
    ['a content type that is not gRPC', { 'content-type': 'text/html' }, '415'],
    ['none', { 'content-type': undefined }, '415'],
    ['gRPC-Web', { 'content-type': 'application/grpc-web' }, '415'],
    ['GET', { ':method': 'GET' }, '405'],
  ])('%s gets an HTTP status', async (_what, headers, status) => {
    const call = (await start()).raw().call(headers);
    await expect.poll(() => call.blocks[0]?.get(':status')).toBe(status);
  });

  it('a time-out that cannot be read, two requests or none for a unary method: INTERNAL', async () => {
    const { raw } = await start();
    const client = raw();
    const soon = client.call({ 'grpc-timeout': 'soon' });
    await expect.poll(() => statusOf(soon)).toBe(Status.INTERNAL);
    const twice = client.call({ ':path': shout.path });
    const message = lengthPrefixed(Buffer.from('a'));
    client.send(twice, Buffer.concat([message, message]), true);
    await expect.poll(() => statusOf(twice)).toBe(Status.INTERNAL);
    const none = client.call({ ':path': shout.path }, true);
    await expect.poll(() => messageOf(none)).toBe('no request');
  });
});

describe('a client that does not read', () => {
  it('gets no more than its window, and its next requests wait', async () => {
    const { raw, seen } = await start();
    const client = raw({ windowBytes: 1000, reads: false });
    const call = client.call();
    for (const text of ['big 900', 'big 5000', 'c', 'd'])
      client.send(call, lengthPrefixed(Buffer.from(text)));
    await expect.poll(() => call.bytes).toBe(1000);
    await expect.poll(() => seen[0]?.call.queuedBytes).toBe(905 + 5005 - 1000);
    const other = client.call({ ':path': shout.path });
    client.send(other, lengthPrefixed(Buffer.from('others go on')), true);
    await expect.poll(() => statusOf(other)).toBe(Status.OK);
    expect(seen[0]!.requests).toEqual(['big 900', 'big 5000']);

    client.connection.consume(call.stream, 1000);
    for (let read = 1000; read < 905 + 5005 + 12; read = call.bytes) {
      await expect.poll(() => call.bytes).toBeGreaterThan(read);
      client.connection.consume(call.stream, call.bytes - read);
    }
    expect(seen[0]!.requests).toEqual(['big 900', 'big 5000', 'c', 'd']);
  });

  it('may send no more than its window of requests ahead', async () => {
    const { raw, seen } = await start();
    const client = raw({ windowBytes: 10, reads: false });
    const call = client.call();
    const request = lengthPrefixed(Buffer.from('big 100'.padEnd(50_000)));
    for (let count = 0; count < 10; count++) client.send(call, request);
    await expect.poll(() => call.bytes).toBe(10);
    await expect.poll(() => call.stream.sendWindow).toBe(0);
    expect(call.stream.queuedBytes).toBeGreaterThan(8 * 50_000);
    expect(seen[0]!.requests).toHaveLength(1);
  });
});

describe('the end', () => {
  it('retires connections one after the other: GOAWAY in two steps, UNAVAILABLE, and no new connection', async () => {
    const { server, raw, port } = await start();
    const clients = Array.from({ length: 20 }, () => raw());
    const calls = clients.map((client) => client.call());
    await expect.poll(() => server.connections.open).toBe(20);
    const closed = server.close(new AbortController().signal, 1000, 'bye');
    await closed;
    await expect.poll(() => clients.every(({ isClosed }) => isClosed())).toBe(true);
    expect(new Set(calls.map(statusOf))).toEqual(new Set([Status.UNAVAILABLE]));
    expect(messageOf(calls[0]!)).toBe('bye');
    expect(clients[0]!.goaways[0]).toBe(2 ** 31 - 1);
    expect(server.connections.open).toBe(0);
    const late = rawClient(port);
    await expect.poll(() => late.isClosed()).toBe(true);
  });

  it('cuts what is left when it is told to', async () => {
    const { server, raw } = await start();
    const clients = Array.from({ length: 50 }, () => raw());
    const calls = clients.map((client) => client.call());
    await expect.poll(() => server.connections.open).toBe(50);
    const cut = new AbortController();
    const closed = server.close(cut.signal, 3_600_000, 'bye');
    cut.abort();
    await closed;
    await expect.poll(() => clients.every(({ isClosed }) => isClosed())).toBe(true);
    expect(calls.filter((call) => statusOf(call) === undefined).length).toBeGreaterThan(0);
  });

  it('asks clients to come back when their connection is old; calls may go on for a while', async () => {
    const { raw } = await start({ maxConnectionAgeMs: 50, maxConnectionAgeGraceMs: 50 });
    const client = raw();
    const call = client.call();
    await expect.poll(() => client.goaways.length).toBeGreaterThan(0);
    await expect.poll(() => statusOf(call)).toBe(Status.UNAVAILABLE);
    expect(messageOf(call)).toContain('maximal age');
    await expect.poll(() => client.isClosed()).toBe(true);
  });

  it('says why it cannot listen', async () => {
    const { port } = await start();
    const second = new GrpcServer({ methods: new Map() });
    await expect(second.listen('127.0.0.1', port)).rejects.toThrow('EADDRINUSE');
  });

  it('takes only so many connections', async () => {
    const { server, raw, port } = await start({ slots: { maxConnections: 1 } });
    raw().call();
    await expect.poll(() => server.connections.open).toBe(1);
    const second = rawClient(port);
    await expect.poll(() => second.isClosed()).toBe(true);
    expect(server.connections.open).toBe(1);
  });
});
