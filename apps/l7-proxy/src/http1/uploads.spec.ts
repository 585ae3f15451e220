import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import {
  callsUnderWay,
  connectionsOf,
  http1Client,
  webProxyBefore,
  webRequest,
} from '../testing/http1-client.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

describe('memory of uploads', () => {
  const mebibyte = 1024 * 1024;
  const held = async (proxy: RunningProxy) =>
    Number(/buffered_bytes (\d+)/.exec(await proxy.metrics.metrics())![1]);
  /** Takes requests and opens no window for their content. */
  const deaf = () =>
    createServer({ settings: { initialWindowSize: 0 } }, (incoming) => incoming.on('error', () => undefined));

  it('counts in the budget of the process, is bounded by it, and comes back', async () => {
    const endpoint = deaf();
    endpoint.listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    const config = `services:
  deaf: { source: { static: { endpoints: ['127.0.0.1:${port}'] } } }
  echo: { source: { static: { endpoints: ['${backend.address}'] } } }
routes:
  - { name: deaf, match: { authority: deaf }, to: [{ service: deaf }] }
  - { name: all, match: {}, to: [{ service: echo }] }
`;
    await using proxy = await startProxy(config, [
      '--grpc-web',
      '--buffer-total-bytes',
      String(8 * mebibyte),
    ]);
    const toDeaf = webRequest({ fields: ['host: deaf', 'content-length: 100000000'] });
    const uploads = await Promise.all(Array.from({ length: 100 }, () => http1Client(proxy)));
    let most = 0;
    for (const { socket } of uploads) socket.write(Buffer.concat([toDeaf, Buffer.alloc(mebibyte)]));
    await expect.poll(async () => (most = Math.max(most, await held(proxy)))).toBeGreaterThan(4 * mebibyte);
    for (let count = 0; count < 20; count++) {
      const other = await http1Client(proxy);
      other.socket.write(webRequest());
      await expect.poll(other.response).toMatch(/grpc-status: 0|^HTTP\/1.1 503/);
      other.socket.destroy();
      most = Math.max(most, await held(proxy));
    }
    expect(most).toBeLessThan(12 * mebibyte); // each may have one read more
    for (const { socket } of uploads) socket.destroy();
    await proxy.drain();
    expect(await held(proxy)).toBe(0);
    endpoint.close();
  });

  it('that an endpoint takes nothing of end, though nobody sees whether their clients are there', async () => {
    const endpoint = deaf().listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    const flags = ['--grpc-web', '--upload-stall-timeout', '300ms'];
    await using proxy = await startProxy(oneService([`127.0.0.1:${port}`]), flags);
    const [stays, goes] = [await http1Client(proxy), await http1Client(proxy)];
    const upload = Buffer.concat([
      webRequest({ fields: ['host: echo', 'content-length: 100000000'] }),
      Buffer.alloc(mebibyte),
    ]);
    stays.socket.write(upload);
    goes.socket.end(upload);
    await expect.poll(() => proxy.status().listeners[0]!.failed).toBe(2);
    await stays.closed;
    await expect.poll(() => callsUnderWay(proxy)).toBe(0);
    expect(connectionsOf(proxy)).toBe(0);
    expect(await held(proxy)).toBe(0);
    endpoint.close();
  });

  it('that an endpoint takes goes through, with a budget smaller than all uploads together', async () => {
    await using t = await webProxyBefore(
      { onEnd: (call) => call.reply(Buffer.from(String(call.content.length))) },
      ['--buffer-total-bytes', String(mebibyte)],
    );
    const content = Buffer.alloc(600_000);
    const one = webRequest({ fields: ['host: echo', `content-length: ${content.length}`], content });
    const uploads = await Promise.all(Array.from({ length: 10 }, () => http1Client(t.proxy)));
    for (const { socket } of uploads) socket.write(one);
    for (const { response } of uploads) {
      await expect.poll(response).toMatch(/600000[^]*grpc-status: 0|^HTTP\/1.1 503/);
    }
    await expect.poll(() => callsUnderWay(t.proxy)).toBe(0);
    expect(uploads.filter(({ response }) => response().includes('600000')).length).toBeGreaterThan(0);
    expect(await held(t.proxy)).toBe(0);
  });
});
