import { headerList } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import {
  http1Client,
  webBody,
  webPath,
  webProxyBefore,
  webRequest,
  type RequestParts,
} from '../testing/http1-client.ts';

/* RFC 9110, RFC 9112. */
describe('what a request may look like', () => {
  const chunked = (extra = '') =>
    Buffer.from(
      `${webBody.length.toString(16)}\r\n${webBody.toString('latin1')}\r\n0\r\n${extra}\r\n`,
      'latin1',
    );
  const length = `content-length: ${webBody.length}`;

  it.each<[string, RequestParts, number]>([
    [
      'gzip, chunked',
      { fields: ['host: echo', 'transfer-encoding: gzip, chunked'], content: chunked() },
      501,
    ],
    [
      'gzip and chunked in two fields',
      { fields: ['host: echo', 'transfer-encoding: gzip', 'transfer-encoding: chunked'], content: chunked() },
      501,
    ],
    ['gzip', { fields: ['host: echo', 'transfer-encoding: gzip'] }, 400],
    ['chunked, gzip', { fields: ['host: echo', 'transfer-encoding: chunked, gzip'] }, 400],
    [
      'chunked twice',
      { fields: ['host: echo', 'transfer-encoding: chunked, chunked'], content: chunked() },
      400,
    ],
    ['identity', { fields: ['host: echo', 'transfer-encoding: identity', length] }, 400],
    [
      'content-length and chunked',
      { fields: ['host: echo', length, 'transfer-encoding: chunked'], content: chunked() },
      400,
    ],
    [
      'chunked in HTTP/1.0',
      { version: '1.0', fields: ['host: echo', 'transfer-encoding: chunked'], content: chunked() },
      400,
    ],
    ['two lengths', { fields: ['host: echo', length, 'content-length: 1'] }, 400],
    ['a length with a sign', { fields: ['host: echo', `content-length: +${webBody.length}`] }, 400],
    ['no host', { fields: [length] }, 400],
    ['two hosts', { fields: ['host: echo', 'host: other', length] }, 400],
    ['two hosts that are the same', { fields: ['host: echo', 'host: echo', length] }, 400],
    ['a host with blanks', { fields: ['host: ec ho', length] }, 400],
    ['a host with a path', { fields: ['host: echo/x', length] }, 400],
    ['a blank before the colon', { fields: ['host: echo', 'x-a : 1', length] }, 400],
    ['user information in the target', { target: `http://me:you@echo${webPath}` }, 400],
    ['a fragment in the target', { target: `${webPath}#x` }, 400],
    ['a bare line feed', { fields: ['host: echo\nx-a: 1', length] }, 400],
  ])('refused: %s', async (_what, parts, status) => {
    await using t = await webProxyBefore({ onEnd: (call) => call.reply() });
    const one = await http1Client(t.proxy);
    one.socket.write(Buffer.concat([webRequest(parts), webRequest()]));
    await one.closed; // nothing behind it is read
    expect(one.response()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(one.responses()).toBe(0);
    expect(t.backend.calls).toHaveLength(0);
  });

  const passed = async (parts: RequestParts) => {
    const t = await webProxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const one = await http1Client(t.proxy);
    one.socket.write(webRequest(parts));
    await expect.poll(one.response).toContain('grpc-status: 0');
    const { headers } = t.backend.calls[0]!;
    await t[Symbol.asyncDispose]();
    return headers;
  };

  it('fields that Connection names stay on this side, whatever the case and in however many fields', async () => {
    const own = ['connection: X-Mine, close', 'Connection: x-more', 'x-mine: 1', 'X-MORE: 2', 'x-other: 3'];
    const headers = await passed({ fields: ['host: echo', length, 'keep-alive: timeout=5', ...own] });
    const names = headers.fields.map(({ name }) => name);
    for (const name of ['connection', 'keep-alive', 'x-mine', 'x-more']) expect(names).not.toContain(name);
    expect(headers.get('x-other')).toBe('3');
  });

  it.each<[string, RequestParts, string]>([
    ['in absolute form', { target: `http://other.example:8080${webPath}` }, 'other.example:8080'],
    ['in HTTP/1.0, without a host', { version: '1.0', fields: [length] }, ''],
    [
      'chunked, with extensions and trailers',
      { fields: ['host: echo', 'transfer-encoding: Chunked'], content: chunked('x-trailer: 1\r\n') },
      'echo',
    ],
    ['with te', { fields: ['host: echo', length, 'te: gzip;q=0.5, trailers'] }, 'echo'],
  ])('passed on: %s', async (_what, parts, authority) => {
    const headers = await passed(parts);
    expect(headers.asRequest()).toMatchObject({ path: webPath, authority });
    expect(headers.get('te')).toBe('trailers');
    expect(headers.get('x-trailer')).toBeUndefined();
  });

  it('a folded line is refused, or one line for the endpoint (RFC 9112 §5.2)', async () => {
    await using t = await webProxyBefore({ onEnd: (call) => call.reply() });
    const one = await http1Client(t.proxy);
    one.socket.write(webRequest({ fields: ['host: echo', length, 'x-folded: a\r\n b'] }));
    await expect.poll(one.response).toMatch(/^HTTP\/1.1 (400|200)/);
    for (const { headers } of t.backend.calls) expect(headers.get('x-folded')).toMatch(/^a +b$/);
  });

  it('repeated fields stay apart', async () => {
    const headers = await passed({ fields: ['host: echo', length, 'x-a: 1', 'x-a: 2'] });
    expect(headers.fields.filter(({ name }) => name === 'x-a').map(({ value }) => value)).toEqual(['1', '2']);
  });

  it('an answer with what HTTP/1.1 cannot say is said without', async () => {
    await using t = await webProxyBefore({
      onEnd: ({ connection, stream }) => {
        const fields = headerList([
          [':status', '200'],
          ['content-type', 'application/grpc'],
          ['x-odd', 'a\x01b'],
        ]);
        connection.sendHeaders(stream, fields, false);
      },
    });
    const one = await http1Client(t.proxy);
    one.socket.write(webRequest());
    await expect.poll(one.response).toContain('x-odd: a b');
  });
});
