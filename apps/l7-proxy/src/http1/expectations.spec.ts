import { describe, expect, it } from 'vitest';
import { http1Client, webBody, webProxyBefore, webRequest } from '../testing/http1-client.ts';

describe('expectations and upgrades', () => {
  it('100-continue is told in turn, and the content comes after it', async () => {
    await using t = await webProxyBefore({ onEnd: (call) => call.reply(call.content.subarray(5)) });
    const one = await http1Client(t.proxy);
    const fields = ['host: echo', `content-length: ${webBody.length}`, 'expect: 100-continue'];
    one.socket.write(webRequest({ fields, content: Buffer.alloc(0) }));
    await expect.poll(one.response).toContain('HTTP/1.1 100 Continue');
    one.socket.write(webBody);
    await expect.poll(one.response).toContain('ping');
    expect(t.backend.calls[0]!.headers.get('expect')).toBeUndefined();
  });

  it('who is refused is not asked to continue', async () => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy);
    const fields = ['host: echo', 'content-length: 5', 'expect: 100-continue', 'transfer-encoding: gzip'];
    one.socket.write(webRequest({ fields, content: Buffer.alloc(0) }));
    await one.closed;
    expect(one.response()).toMatch(/^HTTP\/1.1 400/);
  });

  it('others are refused, in turn too', async () => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy);
    const odd = webRequest({
      fields: ['host: echo', 'content-length: 0', 'expect: more'],
      content: Buffer.alloc(0),
    });
    one.socket.write(Buffer.concat([webRequest(), odd]));
    await expect.poll(() => t.backend.calls.length).toBe(1);
    t.backend.calls[0]!.reply();
    await one.closed;
    expect(one.response()).toMatch(/^HTTP\/1.1 200[^]*HTTP\/1.1 417/);
  });

  it('an upgrade is not taken: the request is one like any other', async () => {
    await using t = await webProxyBefore({ onEnd: (call) => call.reply() });
    const one = await http1Client(t.proxy);
    const upgrade = ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'];
    const fields = ['host: echo', `content-length: ${webBody.length}`, ...upgrade];
    one.socket.write(webRequest({ fields }));
    await expect.poll(one.response).toMatch(/^HTTP\/1.1 200/);
    expect(t.backend.calls[0]!.headers.fields.map(({ name }) => name)).not.toContain('http2-settings');
  });

  it('a tunnel is not opened', async () => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy);
    one.socket.write('CONNECT echo:80 HTTP/1.1\r\nhost: echo:80\r\n\r\n');
    await one.closed;
    expect(t.backend.calls).toHaveLength(0);
  });
});
