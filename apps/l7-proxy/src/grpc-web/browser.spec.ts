import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authority, secretFolder } from '@evenly/local-cluster';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '@evenly/service/testing';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

if (chromiumPath === undefined) console.warn('gRPC-Web in a browser is skipped: no Chromium');

/** Runs in the page: one unary call, binary or base64, and what of it the page can read. */
async function callFromPage({ address, text }: { address: string; text: boolean }) {
  const message = [0, 0, 0, 0, 4, 112, 105, 110, 103];
  const body = text ? btoa(String.fromCharCode(...message)) : new Uint8Array(message);
  try {
    const response = await fetch(`${address}/echo.EchoServer/SayHello`, {
      method: 'POST',
      headers: { 'content-type': `application/grpc-web${text ? '-text' : ''}`, 'x-grpc-web': '1' },
      body,
    });
    const received = text
      ? (await response.text()).replace(/[^=]+=*/g, (part) => atob(part))
      : String.fromCharCode(...new Uint8Array(await response.arrayBuffer()));
    return { received, readable: response.headers.get('x-extra'), failed: undefined };
  } catch (error) {
    return { received: '', readable: null, failed: String(error) };
  }
}

describe.skipIf(chromiumPath === undefined)('gRPC-Web from a page in a real browser', () => {
  let browser: Browser;
  let site: Server;
  let origin: string;
  beforeAll(async () => {
    browser = await launchChromium();
    // The page comes from another origin than the proxy, as pages do.
    site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>a shop</title>');
    });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    site.close();
  });

  const call = async (address: string, text: boolean) => {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(origin);
    const result = await page.evaluate(callFromPage, { address, text });
    await page.close();
    return result;
  };
  const echoing = () => scriptedBackend({ onEnd: (one) => one.reply(one.content.subarray(5)) });

  it.each([
    ['binary', false],
    ['text', true],
  ])('%s, by HTTP/1.1', async (_what, text) => {
    await using backend = await echoing();
    await using proxy = await startProxy(oneService([backend.address]), [
      '--grpc-web',
      '--cors-origins',
      origin,
    ]);
    const { received, failed } = await call(`http://${proxy.address}`, text);
    expect(failed).toBeUndefined();
    expect(received).toBe('\0\0\0\0\x04ping\x80\0\0\0\x10grpc-status: 0\r\n');
  });

  it('by HTTP/2 and TLS', async () => {
    const ca = await authority('test');
    const { cert, key } = await ca.issue('proxy', { ips: ['127.0.0.1'] });
    const folder = await secretFolder({ 'tls.crt': cert, 'tls.key': key });
    const tls = ['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key')];
    await using backend = await echoing();
    await using proxy = await startProxy(oneService([backend.address]), [
      ...['--grpc-web', '--cors-origins', origin],
      ...tls,
    ]);
    const { received, failed } = await call(`https://${proxy.address}`, false);
    expect(failed).toBeUndefined();
    expect(received).toContain('grpc-status: 0');
    await folder.remove();
  });

  it('a page of an origin that is not listed cannot call', async () => {
    await using backend = await echoing();
    await using proxy = await startProxy(oneService([backend.address]), ['--grpc-web']);
    expect((await call(`http://${proxy.address}`, false)).failed).toContain('Failed to fetch');
    expect(backend.calls).toHaveLength(0);
  });
});
