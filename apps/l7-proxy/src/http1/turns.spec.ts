import { ErrorCode } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import {
  callsUnderWay,
  connectionsOf,
  http1Client,
  webBody,
  webProxyBefore,
  webRequest,
} from '../testing/http1-client.ts';

/* Whose turn it is, and who has gone. */
const many = (count: number) => Buffer.concat(Array<Buffer>(count).fill(webRequest()));

describe('requests of one connection', () => {
  it('take turns, however many come at once, and each has its answer', async () => {
    let most = 0;
    let open = 0;
    await using t = await webProxyBefore({
      onEnd: (call) => {
        most = Math.max(most, ++open);
        setImmediate(() => {
          open--;
          call.reply();
        });
      },
    });
    const one = await http1Client(t.proxy);
    one.socket.write(many(2000));
    await expect.poll(() => one.responses(), { timeout: 20_000 }).toBe(2000);
    expect(t.backend.calls).toHaveLength(2000);
    expect(most).toBe(1);
  });

  it.each([2, 2000])('%i that wait for an endpoint end with their client', async (count) => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy);
    one.socket.write(many(count));
    await expect.poll(() => t.backend.calls.length).toBe(1);
    await new Promise<void>((resolve) => one.socket.write(webRequest(), () => resolve()));
    expect(callsUnderWay(t.proxy)).toBe(1);
    one.socket.destroy();
    await expect.poll(() => callsUnderWay(t.proxy)).toBe(0);
    // The endpoint hears of it by its socket, after the call is over for the proxy.
    await expect.poll(() => t.backend.calls.map(({ resetCode }) => resetCode)).toEqual([ErrorCode.CANCEL]);
    expect(connectionsOf(t.proxy)).toBe(0);
    expect(await t.proxy.metrics.metrics()).toContain('evenly_proxy_buffered_bytes 0\n');
  });

  it('more than is read ahead behind one without an answer end the connection in the end', async () => {
    await using t = await webProxyBefore({}, ['--handshake-timeout', '300ms']);
    const one = await http1Client(t.proxy);
    one.socket.write(many(20_000));
    await one.closed;
    await expect.poll(() => callsUnderWay(t.proxy)).toBe(0);
    expect(t.backend.calls).toHaveLength(1);
    expect(t.proxy.status().listeners[0]!.failed).toBe(1);
  });

  it('more than is read ahead all have their answers when endpoints answer', async () => {
    await using t = await webProxyBefore({ onEnd: (call) => call.reply() }, ['--handshake-timeout', '2s']);
    const one = await http1Client(t.proxy);
    one.socket.write(many(4000));
    await expect.poll(() => one.responses(), { timeout: 20_000 }).toBe(4000);
  });

  it('end with the half of the connection that was theirs', async () => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy, true);
    one.socket.write(webRequest());
    await expect.poll(() => t.backend.calls.length).toBe(1);
    one.socket.end();
    await expect.poll(() => t.backend.calls[0]?.resetCode).toBe(ErrorCode.CANCEL);
    await one.closed;
  });

  it('a connection that is kept alive may be closed by half too', async () => {
    await using t = await webProxyBefore({ onEnd: (call) => call.reply() });
    const one = await http1Client(t.proxy, true);
    one.socket.write(webRequest());
    await expect.poll(one.responses).toBe(1);
    one.socket.end();
    await one.closed;
    expect(connectionsOf(t.proxy)).toBe(0);
  });

  it('a client that goes in the middle of its upload cancels', async () => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy);
    one.socket.write(webRequest({ fields: ['host: echo', 'content-length: 1000'] }));
    await expect.poll(() => t.backend.calls[0]?.content.length).toBe(webBody.length);
    one.socket.destroy();
    await expect.poll(() => t.backend.calls[0]?.resetCode).toBe(ErrorCode.CANCEL);
  });

  it('an answer before the whole request has come is one, and the next request is read', async () => {
    await using t = await webProxyBefore({ onCall: (call, index) => index === 0 && call.trailersOnly(7) });
    const one = await http1Client(t.proxy);
    one.socket.write(webRequest({ fields: ['host: echo', 'content-length: 100000'] }));
    await expect.poll(one.response).toContain('grpc-status: 7');
    one.socket.write(Buffer.concat([Buffer.alloc(100_000 - webBody.length), webRequest()]));
    await expect.poll(() => t.backend.calls.length).toBe(2);
    expect(callsUnderWay(t.proxy)).toBe(1);
  });

  it('after such an answer only so much more is read', async () => {
    await using t = await webProxyBefore({ onCall: (call) => call.trailersOnly(7) });
    const one = await http1Client(t.proxy);
    one.socket.write(webRequest({ fields: ['host: echo', 'content-length: 1000000000'] }));
    await expect.poll(one.response).toContain('grpc-status: 7');
    one.socket.write(Buffer.alloc(3_000_000));
    await one.closed;
  });

  it('drain: what waits is not begun, what is under way ends', async () => {
    await using t = await webProxyBefore({});
    const one = await http1Client(t.proxy);
    one.socket.write(many(3));
    await expect.poll(() => t.backend.calls[0]?.ended).toBe(true);
    const drained = t.proxy.drain(new AbortController().signal);
    t.backend.calls[0]!.reply();
    await one.closed;
    await drained;
    expect(one.responses()).toBe(1);
    expect(one.response()).toContain('Connection: close');
    expect(t.backend.calls).toHaveLength(1);
  });
});
