import { ErrorCode, headerList } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { startProxy } from '../testing/harness.ts';
import { getOf, RawClient, requestOf } from '../testing/raw-client.ts';
import { grpcMessage } from '../testing/scripted-backend.ts';
import { throughProxy, valuesOf } from './fixture.ts';

const continueBlock = headerList([[':status', '100']]);

describe('what counts as gRPC', () => {
  it.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc+json', true],
    ['application/grpc;charset=utf-8', true],
    ['Application/gRPC', true],
    [' application/grpc', true],
    ['application/grpcfoo', false],
    ['application/json', false],
    [undefined, false],
  ])('%s: %s', async (type, isGrpc) => {
    await using proxy = await startProxy('services: {}\n');
    const client = new RawClient(proxy.port);
    const answer = await client.request(requestOf({ 'content-type': type }));
    expect([answer.status, answer.get('grpc-status')]).toEqual(isGrpc ? [200, '12'] : [404, undefined]);
    client.close();
  });
});

it('own answers are trailers-only, with a message that is percent-encoded', async () => {
  await using proxy = await startProxy('services: {}\n');
  const client = new RawClient(proxy.port);
  const answer = await client.request(requestOf({ ':path': '/a%25b.\xc3\xa9/C' }));
  expect(answer.fields).toEqual([
    [':status', '200'],
    ['content-type', 'application/grpc'],
    ['grpc-status', '12'],
    ['grpc-message', expect.stringMatching(/^no route for echo \/a%2525b\.[%0-9A-F]+\/C$/)],
  ]);
  expect([answer.content, answer.trailers, answer.reset]).toEqual(['', undefined, undefined]);
  client.close();
});

describe('grpc-timeout', () => {
  it.each(['1', 'S', '-1S', '1.5S', '123456789S', '1s', '0x1S', '1SS'])(
    '%j is none: the endpoint says what it thinks of it',
    async (timeout) => {
      await using t = await throughProxy();
      const answer = await t.client.request(requestOf({ 'grpc-timeout': timeout }));
      expect(answer.trailers).toContainEqual(['grpc-status', '0']);
      expect(valuesOf(t.backend.calls[0]!, 'grpc-timeout')).toEqual([timeout]);
    },
  );

  it('of several, the first counts and goes on', async () => {
    await using t = await throughProxy();
    await t.client.request(
      requestOf({}, [
        ['grpc-timeout', '20S'],
        ['grpc-timeout', '5H'],
      ]),
    );
    expect(valuesOf(t.backend.calls[0]!, 'grpc-timeout')).toEqual([expect.stringMatching(/^1\d{7}u$/)]);
  });

  it('is no deadline of a plain request, and goes on with it', async () => {
    await using t = await throughProxy();
    expect((await t.client.request(getOf({ 'grpc-timeout': '0n' }))).status).toBe(200);
  });

  it('0 is over at once', async () => {
    await using t = await throughProxy({});
    expect((await t.client.request(requestOf({ 'grpc-timeout': '0m' }))).get('grpc-status')).toBe('4');
  });
});

it('messages may be cut into frames anywhere, and EOS may be a frame of its own', async () => {
  await using t = await throughProxy({ onEnd: (call) => call.reply(call.content.subarray(5)) });
  const { stream, answer } = t.client.open(requestOf());
  const message = grpcMessage(Buffer.from('ping'));
  for (const octet of message) t.client.connection.sendData(stream, Buffer.from([octet]), 0, 1, false);
  t.client.connection.sendData(stream, message, 0, 0, true);
  expect((await answer).content).toContain('ping');
});

describe('RST_STREAM of an endpoint becomes a status (gRPC over HTTP/2, "Errors")', () => {
  it.each([
    ['NO_ERROR', '13'],
    ['PROTOCOL_ERROR', '13'],
    ['INTERNAL_ERROR', '13'],
    ['FLOW_CONTROL_ERROR', '13'],
    ['SETTINGS_TIMEOUT', '13'],
    ['STREAM_CLOSED', '13'],
    ['FRAME_SIZE_ERROR', '13'],
    ['CANCEL', '1'],
    ['COMPRESSION_ERROR', '13'],
    ['CONNECT_ERROR', '13'],
    ['ENHANCE_YOUR_CALM', '8'],
    ['INADEQUATE_SECURITY', '7'],
    ['HTTP_1_1_REQUIRED', '13'],
  ] as const)('%s → %s, before the answer and within it', async (code, status) => {
    await using t = await throughProxy({
      onEnd: (call, index) => {
        if (index === 1) call.answer();
        call.reset(ErrorCode[code]);
      },
    });
    expect((await t.client.request(requestOf())).get('grpc-status')).toBe(status);
    expect((await t.client.request(requestOf())).trailers).toContainEqual(['grpc-status', status]);
  });

  it('REFUSED_STREAM stays what it is, after other attempts', async () => {
    await using t = await throughProxy({ onEnd: (call) => call.reset(ErrorCode.REFUSED_STREAM) });
    const { reset } = await t.client.request(requestOf());
    expect(reset).toMatchObject({ cause: 'peer', unprocessed: true });
    expect(t.backend.calls.length).toBeGreaterThan(1);
  });

  it("a client's becomes CANCEL", async () => {
    await using t = await throughProxy({});
    const { stream } = t.client.open(requestOf());
    await expect.poll(() => t.backend.calls.length).toBe(1);
    t.client.connection.reset(stream, ErrorCode.INTERNAL_ERROR);
    await expect.poll(() => t.backend.calls[0]!.resetCode).toBe(ErrorCode.CANCEL);
  });
});

it('a plain request that fails is not tried again: it may have done something', async () => {
  await using t = await throughProxy(
    { onEnd: (call) => call.reset(ErrorCode.INTERNAL_ERROR) },
    [],
    '    policy: { retry: { attempts: 3, on: [INTERNAL] } }',
  );
  expect((await t.client.request(getOf())).status).toBe(502);
  expect(t.backend.calls).toHaveLength(1);
  await t.client.request(requestOf());
  expect(t.backend.calls).toHaveLength(4);
});

it('Expect is the endpoint’s: the request goes on at once, and so does its 100', async () => {
  await using t = await throughProxy({
    onCall: ({ connection, stream, headers }) => {
      expect(headers.get('expect')).toBe('100-continue');
      connection.sendHeaders(stream, continueBlock, false);
    },
    onEnd: (call) => call.reply(),
  });
  const { stream, answer } = t.client.open(getOf({ ':method': 'PUT', expect: '100-continue' }));
  await expect.poll(() => t.client.informationalOf(stream)).toEqual([100]);
  t.client.connection.sendData(stream, Buffer.from('x'), 0, 1, true);
  expect((await answer).status).toBe(200);
});
