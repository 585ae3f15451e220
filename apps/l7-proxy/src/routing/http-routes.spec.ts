import { describe, expect, it } from 'vitest';
import { startProxy } from '../testing/harness.ts';
import { httpBackend, type HttpVersion } from '../testing/http-backend.ts';
import { ask, type HttpRequest } from '../testing/http-client.ts';
import { GrpcClient } from '../testing/grpc-client.ts';

/** A backend that says what it was asked for, behind a proxy with these routes. */
async function routed(routes: string, version: HttpVersion = 'http1') {
  const backend = await httpBackend(version, (request, response) => {
    const { host, ':authority': authority } = request.headers;
    response.end(`${String(host ?? authority)} ${request.url}`);
  });
  const proxy = await startProxy(
    `services:
  web:
    source: { static: { endpoints: ['${backend.address}'] } }
${version === 'http1' ? '    protocol: http1' : ''}
routes:
${routes}`,
    ['--http1'],
  );
  return {
    proxy,
    ask: (request: HttpRequest) => ask('http1', proxy.port, request),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

describe('redirects', () => {
  const routes = `
  - match: { path: { segments: /cart } }
    redirect: { status: 301, scheme: https, hostname: b.example, port: 8443, path: { prefix: /basket } }
  - match: { path: { segments: /whole } }
    redirect: { path: { full: /all } }
  - match: {}
    redirect: { status: 308, scheme: https }`;

  it.each([
    ['/cart/1?a=b', 301, 'https://b.example:8443/basket/1?a=b'],
    ['/carton', 308, 'https://shop.example/carton'],
    ['/whole/x?c', 302, 'http://shop.example:8080/all?c'],
    ['/a//b/../%63', 308, 'https://shop.example/a/c'],
  ])('%s: %i to %s', async (path, status, location) => {
    await using t = await routed(routes);
    for (const method of ['GET', 'POST']) {
      const content = method === 'POST' ? 'content' : undefined;
      const got = await t.ask({ path, host: 'shop.example:8080', method, ...(content && { content }) });
      expect(got).toMatchObject({ status, headers: { location }, text: '' });
      expect(got.headers.date).toBeDefined();
    }
    const [listener] = t.proxy.status().listeners;
    expect(listener!.routes.reduce((sum, { calls }) => sum + calls, 0)).toBe(2);
    expect(listener!.routes.every(({ active }) => active === 0)).toBe(true);
  });

  it('are no answer to a gRPC call', async () => {
    await using t = await routed(routes);
    const client = new GrpcClient(t.proxy.address);
    expect(await client.unary()).toMatchObject({ code: 'UNAVAILABLE' });
    client.client.close();
  });
});

describe.each<HttpVersion>(['http1', 'http2'])('rewrites, for endpoints that speak %s', (version) => {
  it.each([
    ['/cart/1?a=b', 'b.example /basket/1?a=b'],
    ['/cart', 'b.example /basket'],
    ['/strip/x', 'shop /x'],
    ['/strip', 'shop /'],
    ['/full/x?y', 'shop /one?y'],
    ['/other', 'shop /other'],
  ])('%s → %s', async (path, saw) => {
    await using t = await routed(
      `
  - match: { path: { segments: /cart } }
    to: [{ service: web }]
    rewrite: { hostname: b.example, path: { prefix: /basket } }
  - match: { path: { segments: /strip } }
    to: [{ service: web }]
    rewrite: { path: { prefix: / } }
  - match: { path: { segments: /full } }
    to: [{ service: web }]
    rewrite: { path: { full: /one } }
  - match: {}
    to: [{ service: web }]`,
      version,
    );
    expect(await t.ask({ path })).toMatchObject({ status: 200, text: saw });
  });
});

it.each([
  ['/x?animal=whale', 200],
  ['/x?a=1&animal=whale&animal=cow', 200],
  ['/x?animal=cow&animal=whale', 404],
  ['/x?animal=wh%61le', 200],
  ['/x?animal=whale+', 404],
  ['/x?Animal=whale', 404],
  ['/x', 404],
  ['/y?size=12&color=a+b', 200],
  ['/y?size=1x&color=a%20b', 404],
])('conditions on the query: %s gets %i', async (path, status) => {
  await using t = await routed(`
  - match: { path: { segments: /x }, query: [{ name: animal, exact: whale }] }
    to: [{ service: web }]
  - match: { path: { segments: /y }, query: [{ name: size, regex: '[0-9]+' }, { name: color, exact: a b }] }
    to: [{ service: web }]`);
  expect((await t.ask({ path })).status).toBe(status);
});
