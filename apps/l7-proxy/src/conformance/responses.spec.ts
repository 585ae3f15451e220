import { ErrorCode, headerList } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { blockOf, getOf, requestOf, type RawFields } from '../testing/raw-client.ts';
import type { BackendCall } from '../testing/scripted-backend.ts';
import { throughProxy } from './fixture.ts';

interface Scripted {
  before?: readonly RawFields[];
  fields: RawFields;
  content?: string;
  trailers?: RawFields;
}

/** An endpoint that answers so, whatever that is worth. */
function answering({ before = [], fields, content, trailers }: Scripted) {
  const isWhole = content === undefined && trailers === undefined;
  return throughProxy({
    onEnd: ({ connection, stream }: BackendCall) => {
      for (const one of before) connection.sendHeaders(stream, blockOf(one), false);
      connection.sendHeaders(stream, blockOf(fields), isWhole);
      if (content !== undefined)
        connection.sendData(stream, Buffer.from(content), 0, content.length, trailers === undefined);
      if (trailers !== undefined) connection.sendHeaders(stream, blockOf(trailers), true);
    },
  });
}

const ok: [string, string] = [':status', '200'];
const grpcType: [string, string] = ['content-type', 'application/grpc'];
const date = 'Sat, 28 Nov 2026 00:00:00 GMT';

describe('answers go on as they are', () => {
  it('fields that nobody knows, in their order, and content', async () => {
    const fields: RawFields = [
      ok,
      ['date', date],
      ['server', 'theirs'],
      ['www-authenticate', 'Basic realm="a, b"'],
      ['set-cookie', 'b=1'],
      ['x-unknown', '\xe4'],
      ['set-cookie', 'a=2'],
      ['cache-control', 'no-transform'],
    ];
    await using t = await answering({ fields, content: 'hello', trailers: [['x-last', '1']] });
    const answer = await t.client.request(getOf());
    expect(answer.fields).toEqual(fields);
    expect(answer.content).toBe('hello');
    expect(answer.trailers).toEqual([['x-last', '1']]);
  });

  it('informational ones before, without a length', async () => {
    const before: RawFields[] = [
      [
        [':status', '103'],
        ['link', '</a>'],
      ],
      [
        [':status', '100'],
        ['content-length', '7'],
      ],
    ];
    await using t = await answering({ before, fields: [ok, ['date', date]], content: 'x' });
    const answer = await t.client.request(getOf());
    expect(answer.informational).toEqual([103, 100]);
    expect(answer.informationalFields).toEqual([before[0], [[':status', '100']]]);
  });

  it('blanks around values are left out; those of grpc-message are encoded', async () => {
    await using t = await answering({
      fields: [ok, ['content-type', 'application/grpc '], ['x-a', ' b']],
      trailers: [
        ['grpc-status', ' 5'],
        ['grpc-message', ' not  found\t '],
        ['x-bin', 'AA== '],
      ],
    });
    const answer = await t.client.request(requestOf());
    expect(answer.get('x-a')).toBe('b');
    expect(answer.trailers).toEqual([
      ['grpc-status', '5'],
      ['grpc-message', '%20not  found%09%20'],
      ['x-bin', 'AA=='],
    ]);
    expect(await t.proxy.metrics.metrics()).toContain('code="NOT_FOUND"} 1');
  });

  it('so a Node client reads a message that it would lose', async () => {
    await using t = await throughProxy({
      onEnd: (call) => call.trailersOnly(5, [['grpc-message', 'no such user ']]),
    });
    const client = new GrpcClient(t.proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'NOT_FOUND', details: 'no such user ' });
    client.close();
  });

  it('a date is added where there is none, but not to gRPC', async () => {
    await using t = await answering({ fields: [ok], content: 'x' });
    expect(Date.parse((await t.client.request(getOf())).get('date')!)).not.toBeNaN();
    expect((await t.client.request(requestOf())).get('date')).toBeUndefined();
  });
});

describe('answers without content', () => {
  it.each([
    ['204', '204', 'GET', undefined],
    ['304', '304', 'GET', '12'],
    ['HEAD', '200', 'HEAD', '12'],
  ])('%s: what a length describes is not waited for', async (_what, status, method, passed) => {
    await using t = await answering({
      fields: [
        [':status', status],
        ['content-length', '12'],
      ],
    });
    const answer = await t.client.request(getOf({ ':method': method }));
    expect([answer.status, answer.get('content-length'), answer.reset]).toEqual([
      Number(status),
      passed,
      undefined,
    ]);
  });

  it.each([
    ['204', 'GET'],
    ['304', 'GET'],
    ['200', 'HEAD'],
  ])('%s to %s with content is malformed', async (status, method) => {
    await using t = await answering({ fields: [[':status', status]], content: 'more' });
    const { reset } = await t.client.request(getOf({ ':method': method }));
    expect(reset).toMatchObject({ cause: 'peer', code: ErrorCode.INTERNAL_ERROR });
  });

  it('own ones to HEAD have the length of what is not sent', async () => {
    await using t = await throughProxy();
    await t.proxy.write('services: {}\n');
    await expect.poll(async () => (await t.client.request(getOf({ ':method': 'HEAD' }))).status).toBe(404);
    const head = await t.client.request(getOf({ ':method': 'HEAD' }));
    const get = await t.client.request(getOf());
    expect(head.content).toBe('');
    expect(head.get('content-length')).toBe(String(get.content.length));
    expect(Date.parse(get.get('date')!)).not.toBeNaN();
  });
});

describe('malformed answers go no further', () => {
  it.each<[string, Scripted]>([
    ['a request pseudo-header', { fields: [ok, [':path', '/']] }],
    ['no status', { fields: [['content-type', 'text/plain']] }],
    ['101', { fields: [[':status', '101']] }],
    ['connection', { fields: [ok, ['connection', 'close']] }],
    ['transfer-encoding', { fields: [ok, ['transfer-encoding', 'chunked']] }],
    ['upper case', { fields: [ok, ['X-A', '1']] }],
    ['LF in a value', { fields: [ok, ['x', 'a\nb']] }],
    ['content longer than its length', { fields: [ok, grpcType, ['content-length', '3']], content: 'four' }],
    ['content shorter than its length', { fields: [ok, grpcType, ['content-length', '5']], content: 'four' }],
    ['a pseudo-header in trailers', { fields: [ok], content: 'x', trailers: [[':status', '200']] }],
  ])('%s', async (_what, scripted) => {
    await using t = await answering(scripted);
    const plain = await t.client.request(getOf());
    if (plain.reset === undefined) expect(plain.status).toBe(502);
    else expect(plain.reset.cause).toBe('peer');
    const grpc = await t.client.request(requestOf());
    expect(grpc.get('grpc-status') ?? grpc.trailers?.find(([name]) => name === 'grpc-status')?.[1]).toBe(
      '13',
    );
    expect(t.backend.calls[0]!.resetCode ?? ErrorCode.PROTOCOL_ERROR).toBe(ErrorCode.PROTOCOL_ERROR);
  });
});

describe('what an endpoint answers to gRPC goes on, be it gRPC or not', () => {
  it.each<[string, Scripted]>([
    [
      'an error page',
      {
        fields: [
          [':status', '502'],
          ['content-type', 'text/html'],
        ],
        content: '<p>',
      },
    ],
    ['no content-type', { fields: [ok, ['grpc-status', '7']] }],
    [
      'a status in the first block',
      { fields: [ok, ['content-type', 'application/grpc'], ['grpc-status', '9']] },
    ],
    ['no grpc-status', { fields: [ok, ['content-type', 'application/grpc']], trailers: [['x', '1']] }],
    ['no trailers', { fields: [ok, ['content-type', 'application/grpc']], content: '\0\0\0\0\0' }],
    [
      'several',
      {
        fields: [ok, ['content-type', 'application/grpc']],
        trailers: [
          ['grpc-status', '5'],
          ['grpc-status', '0'],
        ],
      },
    ],
    [
      'a broken percent-encoding',
      {
        fields: [ok],
        trailers: [
          ['grpc-status', '2'],
          ['grpc-message', 'a%zz%C3'],
          ['grpc-status-details-bin', 'CAI,CA=='],
        ],
      },
    ],
  ])('%s', async (_what, scripted) => {
    await using t = await answering(scripted);
    const answer = await t.client.request(requestOf());
    expect(answer.fields).toEqual(scripted.fields);
    expect(answer.content).toBe(scripted.content ?? '');
    expect(answer.trailers).toEqual(scripted.trailers);
    expect(answer.reset).toBeUndefined();
  });
});

it('an answer that comes before the request has ended is kept whole', async () => {
  await using t = await throughProxy({
    onCall: ({ connection, stream }) =>
      connection.sendHeaders(stream, headerList([ok, ['grpc-status', '7']]), true),
  });
  const { stream, answer } = t.client.open(requestOf());
  expect((await answer).get('grpc-status')).toBe('7');
  expect((await answer).reset).toMatchObject({ cause: 'peer', code: ErrorCode.NO_ERROR });
  expect(stream.closed).toBe(true);
});
