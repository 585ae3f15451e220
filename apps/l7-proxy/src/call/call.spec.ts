import { connect } from 'node:http2';
import { ErrorCode, headerList } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { grpcMessage, scriptedBackend } from '../testing/scripted-backend.ts';

const withRetry = (retry: string) => `    policy: { retry: ${retry} }`;

describe('a call through the proxy', () => {
  it('carries metadata, messages, trailers and an error status both ways', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        if (call.headers.get('x-wanted') === 'error') call.trailersOnly(5, [['grpc-message', 'no%20such']]);
        else call.reply(call.content.subarray(5));
      },
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    expect(await client.unary('x'.repeat(300_000))).toMatchObject({
      code: 'OK',
      messages: ['x'.repeat(300_000)],
    });
    const refused = await client.unary('ping', { metadata: { 'x-wanted': 'error' } });
    expect(refused).toMatchObject({ code: 'NOT_FOUND', details: 'no such' });
    client.close();
    expect(await proxy.metrics.metrics()).toMatch(/calls_total{route="all",code="NOT_FOUND"} 1\n/);
  });

  it('bidi: messages go both ways while both sides are open', async () => {
    await using backend = await scriptedBackend({
      onCall: (call) => call.answer(),
      onContent: (call) => {
        call.send(call.content);
        call.content = Buffer.alloc(0);
      },
      onEnd: (call) => call.trailers(),
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    const call = client.bidi();
    const answers: string[] = [];
    const ended = new Promise((resolve) => call.on('status', resolve));
    call.on('data', (message: Buffer) => {
      answers.push(message.toString());
      if (answers.length < 3) call.write(Buffer.from(`m${answers.length}`));
      else call.end();
    });
    call.write(Buffer.from('m0'));
    expect(await ended).toMatchObject({ code: 0 });
    expect(answers).toEqual(['m0', 'm1', 'm2']);
    client.close();
  });

  it('passes an answer that comes before the request ends, and stops the request', async () => {
    await using backend = await scriptedBackend({ onCall: (call) => call.trailersOnly(7) });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    const call = client.bidi();
    call.on('error', () => {});
    const status = await new Promise((resolve) => call.on('status', resolve));
    expect(status).toMatchObject({ code: 7 });
    await expect.poll(() => backend.calls[0]!.resetCode).toBe(ErrorCode.CANCEL);
    client.close();
  });

  it("passes the client's cancellation on", async () => {
    await using backend = await scriptedBackend({ onCall: (call) => call.answer() });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    const call = client.bidi();
    call.on('error', () => {});
    call.on('metadata', () => call.cancel());
    await expect.poll(() => backend.calls[0]?.resetCode).toBe(ErrorCode.CANCEL);
    await expect.poll(() => proxy.status().services[0]!.underWay).toBe(0);
    client.close();
  });

  it('a client that vanishes cancels all its calls', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]));
    const session = connect(`http://${proxy.address}`);
    session.on('error', () => {});
    for (let count = 0; count < 3; count++)
      session.request({ ':path': '/', ':method': 'POST' }).on('error', () => {});
    await expect.poll(() => backend.calls.length).toBe(3);
    session.destroy();
    await expect.poll(() => backend.calls.map(({ resetCode }) => resetCode)).toEqual([8, 8, 8]);
  });

  it('a plain HTTP/2 request goes to the endpoint, and its answer comes back, trailers too', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        const headers = headerList([
          [':status', '404'],
          ['content-type', 'text/html'],
        ]);
        call.connection.sendHeaders(call.stream, headers, false);
        call.send(Buffer.from(`<p>${call.content.toString()}`));
        call.connection.sendHeaders(call.stream, headerList([['x-trailer', 'last']]), true);
      },
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const session = connect(`http://${proxy.address}`);
    const request = session.request({ ':path': '/form?a=b', ':method': 'PUT', 'content-type': 'text/plain' });
    const seen: Record<string, unknown> = { body: '' };
    request.on('response', (headers) => (seen['status'] = headers[':status']));
    request.on('trailers', (trailers: Record<string, string>) => (seen['trailer'] = trailers['x-trailer']));
    request
      .setEncoding('utf8')
      .on('data', (text: string) => (seen['body'] = `${seen['body'] as string}${text}`));
    request.end('hello');
    await new Promise((resolve) => request.on('close', resolve));
    expect(seen).toEqual({ status: 404, trailer: 'last', body: '<p>hello' });
    expect(backend.calls[0]!.headers.get(':path')).toBe('/form?a=b');
    session.close();
  });

  it('a plain HTTP/2 request gets HTTP answers', async () => {
    await using proxy = await startProxy(oneService([]));
    const session = connect(`http://${proxy.address}`);
    const get = (method: string) =>
      new Promise<{ status: number; body: string }>((resolve) => {
        const request = session.request({ ':path': '/', ':method': method });
        let status = 0;
        let body = '';
        request.on('response', (headers) => (status = Number(headers[':status'])));
        request.setEncoding('utf8').on('data', (text: string) => (body += text));
        request.on('end', () => resolve({ status, body }));
      });
    expect(await get('GET')).toEqual({ status: 503, body: 'echo has no endpoints\n' });
    expect(await get('HEAD')).toEqual({ status: 503, body: '' });
    session.close();
  });

  it('a tunnel is refused', async () => {
    await using proxy = await startProxy(oneService([]));
    const session = connect(`http://${proxy.address}`);
    const request = session.request({ ':method': 'CONNECT', ':authority': 'example.org:443' });
    const headers = await new Promise((resolve) => request.on('response', resolve));
    expect(headers).toMatchObject({ ':status': 501 });
    session.close();
  });
});

describe('deadlines', () => {
  it("the caller's is passed on, never longer than it was", async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(oneService([backend.address]));
    const client = new GrpcClient(proxy.address);
    await client.unary('ping', { deadlineMs: 5000 });
    client.close();
    const [, digits] = /^(\d+)u$/.exec(backend.calls[0]!.headers.get('grpc-timeout')!)!;
    expect(Number(digits)).toBeLessThanOrEqual(5_000_000);
    expect(Number(digits)).toBeGreaterThan(0);
  });

  it("the route's holds where it is shorter, and cancels the endpoint's work", async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address], '    policy: { timeout: 50ms }'));
    const client = new GrpcClient(proxy.address);
    expect(await client.unary()).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      details: 'no answer from echo in time',
    });
    await expect.poll(() => backend.calls[0]!.resetCode).toBe(ErrorCode.CANCEL);
    client.close();
  });
});

describe('retries', () => {
  it('by policy: only for codes that the route says are safe, with the number of former attempts', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call, index) => (index < 2 ? call.trailersOnly(14) : call.reply()),
    });
    await using proxy = await startProxy(
      oneService([backend.address], withRetry('{ attempts: 3, backoff: { base: 1ms, max: 2ms } }')),
    );
    const client = new GrpcClient(proxy.address);
    expect(await client.unary('again')).toMatchObject({ code: 'OK' });
    const attempts = backend.calls.map(({ headers }) => headers.get('grpc-previous-rpc-attempts'));
    expect(attempts).toEqual([undefined, '1', '2']);
    expect(backend.calls.map(({ content }) => content.subarray(5).toString())).toEqual([
      'again',
      'again',
      'again',
    ]);
    client.close();
  });

  const never: [string, string, (index: number) => [number, [string, string][]]][] = [
    ['another code', '{ attempts: 3 }', () => [13, []]],
    ['no attempts left', '{ attempts: 2, backoff: { base: 1ms, max: 2ms } }', () => [14, []]],
    ['the server says no (pushback)', '{ attempts: 3 }', () => [14, [['grpc-retry-pushback-ms', '-1']]]],
  ];
  it.each(never)('not for %s', async (why, retry, answer) => {
    await using backend = await scriptedBackend({
      onEnd: (call, index) => call.trailersOnly(...answer(index)),
    });
    await using proxy = await startProxy(oneService([backend.address], withRetry(retry)));
    const client = new GrpcClient(proxy.address);
    expect((await client.unary()).code).not.toBe('OK');
    expect(backend.calls).toHaveLength(why === 'no attempts left' ? 2 : 1);
    client.close();
  });

  it('what the time of one attempt ended goes to another endpoint, whatever codes are safe', async () => {
    await using silent = await scriptedBackend({});
    await using good = await scriptedBackend({ onEnd: (call) => call.reply() });
    const retry = '{ attempts: 2, on: [INTERNAL], perTryTimeout: 1s, backoff: { base: 1ms, max: 1ms } }';
    await using proxy = await startProxy(oneService([silent.address, good.address], withRetry(retry)));
    const client = new GrpcClient(proxy.address);
    const outcomes = await Promise.all([client.unary(), client.unary()]);
    expect(outcomes.map(({ code }) => code)).toEqual(['OK', 'OK']);
    await expect.poll(() => silent.calls.map(({ resetCode }) => resetCode)).toEqual([ErrorCode.CANCEL]);
    client.close();
  });

  it('ends with DEADLINE_EXCEEDED where the time of no attempt was enough', async () => {
    await using silent = await scriptedBackend({});
    const retry = '{ attempts: 3, perTryTimeout: 20ms, backoff: { base: 1ms, max: 1ms } }';
    await using proxy = await startProxy(oneService([silent.address], withRetry(retry)));
    const client = new GrpcClient(proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(silent.calls).toHaveLength(3);
    client.close();
  });

  it('not once the answer has begun, nor without a policy when it may have been processed', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        call.answer();
        call.trailers(14);
      },
    });
    await using proxy = await startProxy(oneService([backend.address], withRetry('{ attempts: 3 }')));
    const client = new GrpcClient(proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(backend.calls).toHaveLength(1);
    client.close();
  });

  it('not when the request is larger than what is kept', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reset(ErrorCode.REFUSED_STREAM) });
    await using proxy = await startProxy(oneService([backend.address]), ['--replay-bytes', '1000']);
    const client = new GrpcClient(proxy.address);
    expect(await client.unary('x'.repeat(2000))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(backend.calls).toHaveLength(1);
    expect(await proxy.metrics.metrics()).toContain('evenly_proxy_replay_bytes 0\n');
    client.close();
  });

  it('what was refused goes to another endpoint', async () => {
    await using full = await scriptedBackend({ onEnd: (call) => call.reset(ErrorCode.REFUSED_STREAM) });
    await using good = await scriptedBackend({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    await using proxy = await startProxy(oneService([full.address, good.address]));
    const client = new GrpcClient(proxy.address);
    for (let count = 0; count < 10; count++)
      expect(await client.unary(`m${count}`)).toMatchObject({ messages: [`m${count}`] });
    client.close();
  });
});

describe('limits of endpoints and of the circuit breaker', () => {
  it('an endpoint that takes two streams at a time gets more connections, and calls that are too many wait', async () => {
    await using backend = await scriptedBackend({}, { maxStreams: 2 });
    await using proxy = await startProxy(
      oneService([backend.address], '    policy: { circuitBreaker: { maxConnections: 2 } }'),
      ['--connect-wait', '30s'],
    );
    const client = new GrpcClient(proxy.address);
    const outcomes = Array.from({ length: 6 }, () => client.unary());
    await expect.poll(() => backend.calls.length).toBe(4);
    expect(backend.connections).toBe(2);
    await expect.poll(() => proxy.status().services[0]!.waiting).toBe(2);
    for (let answered = 0; answered < 6; answered++) {
      await expect.poll(() => backend.calls[answered]?.ended).toBe(true);
      backend.calls[answered]!.reply();
    }
    expect((await Promise.all(outcomes)).map(({ code }) => code)).toEqual(Array(6).fill('OK'));
    client.close();
  });

  it('more calls than the breaker allows are refused at once', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(
      oneService([backend.address], '    policy: { circuitBreaker: { maxRequests: 1 } }'),
    );
    const client = new GrpcClient(proxy.address);
    const first = client.unary();
    await expect.poll(() => backend.calls.length).toBe(1);
    expect(await client.unary()).toMatchObject({
      code: 'UNAVAILABLE',
      details: 'too many calls to echo are under way',
    });
    backend.calls[0]!.reply();
    expect(await first).toMatchObject({ code: 'OK' });
    client.close();
  });

  it('content flows as fast as the reader reads, and no faster', async () => {
    const wanted = 4 * 1024 * 1024;
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        call.answer();
        call.send(grpcMessage(Buffer.alloc(wanted)), false);
        call.trailers();
      },
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const session = connect(`http://${proxy.address}`);
    const headers = { ':path': '/', ':method': 'POST', 'content-type': 'application/grpc' };
    const slow = session.request(headers).on('error', () => {});
    slow.end();
    await new Promise((resolve) => slow.once('response', resolve));
    slow.pause();
    // The slow one has filled its window; others on both connections go on.
    const quick = session.request(headers);
    let got = 0;
    quick.on('data', (chunk: Buffer) => (got += chunk.length)).end();
    await new Promise((resolve) => quick.once('end', resolve));
    expect(got).toBe(wanted + 5);
    let slowly = 0;
    slow.on('data', (chunk: Buffer) => (slowly += chunk.length)).resume();
    await new Promise((resolve) => slow.once('end', resolve));
    expect(slowly).toBe(wanted + 5);
    session.close();
  });
});
