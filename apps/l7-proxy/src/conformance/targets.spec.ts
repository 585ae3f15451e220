import { ErrorCode } from '@evenly/http2';
import { describe, expect, it } from 'vitest';
import { startProxy } from '../testing/harness.ts';
import { getOf, RawClient, requestOf } from '../testing/raw-client.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { throughProxy, valuesOf } from './fixture.ts';

/** `/admin` and the authority `admin` lead to one endpoint, all else to another. */
async function guarded(flags: readonly string[] = []) {
  const [admin, open] = await Promise.all([
    scriptedBackend({ onEnd: (call) => call.reply() }),
    scriptedBackend({ onEnd: (call) => call.reply() }),
  ]);
  const config = `services:
  closed: { source: { static: { endpoints: ['${admin.address}'] } } }
  open: { source: { static: { endpoints: ['${open.address}'] } } }
routes:
  - match: { path: { prefix: /admin } }
    to: [{ service: closed }]
  - match: { authority: 'admin.example:8080' }
    to: [{ service: closed }]
  - match: { authority: admin.example, method: DELETE }
    to: [{ service: closed }]
  - match: {}
    to: [{ service: open }]
`;
  const proxy = await startProxy(config, flags);
  const client = new RawClient(proxy.port);
  return {
    admin,
    open,
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await proxy[Symbol.asyncDispose]();
      await Promise.all([admin.close(), open.close()]);
    },
  };
}

describe('a rule cannot be gone round by writing its path or authority otherwise', () => {
  it.each(['//admin', '/x/../admin', '/%61dmin', '/./admin', '/.//admin/x', '/%2e%2e/admin?a=//b'])(
    '%s',
    async (path) => {
      await using t = await guarded();
      await t.client.request(getOf({ ':path': path }));
      expect(t.open.calls).toHaveLength(0);
      // What was matched is what the endpoint gets.
      expect(valuesOf(t.admin.calls[0]!, ':path')[0]).toMatch(/^\/admin(\/x|\?a=\/\/b)?$/);
    },
  );

  it.each(['admin.example:8080', 'ADMIN.example.:8080', 'admin.example:08080', '%61dmin.example:8080'])(
    'authority %s',
    async (authority) => {
      await using t = await guarded();
      await t.client.request(getOf({ ':authority': authority }));
      expect(t.open.calls).toHaveLength(0);
      expect(valuesOf(t.admin.calls[0]!, ':authority')).toEqual([authority]);
    },
  );

  it('a port that is left empty is none', async () => {
    await using t = await guarded();
    await t.client.request(getOf({ ':method': 'DELETE', ':authority': 'admin.example:' }));
    expect(t.admin.calls).toHaveLength(1);
  });

  it.each(['/x%2f..%2fadmin', '/..\\admin', '/%5cadmin', '/x%00', '/x%'])('%s is refused', async (path) => {
    await using t = await guarded();
    const plain = await t.client.request(getOf({ ':path': path }));
    expect(plain.status).toBe(400);
    expect(plain.content).toContain('the path has');
    const grpc = await t.client.request(requestOf({ ':path': path }));
    expect(grpc.get('grpc-status')).toBe('12');
    expect([...t.open.calls, ...t.admin.calls]).toHaveLength(0);
  });

  it('what is meant to be written so can be let through', async () => {
    await using kept = await guarded(['--encoded-slashes', 'keep']);
    await kept.client.request(getOf({ ':path': '//group%2fproject' }));
    expect(valuesOf(kept.open.calls[0]!, ':path')).toEqual(['/group%2Fproject']);
    await using off = await guarded(['--normalize-path', 'off']);
    await off.client.request(getOf({ ':path': '//admin%2f' }));
    expect(valuesOf(off.open.calls[0]!, ':path')).toEqual(['//admin%2f']);
  });
});

describe('targets', () => {
  it.each([
    ['empty', ''],
    ['absolute', 'http://echo/'],
    ['* but not OPTIONS', '*'],
    ['with a fragment', '/a#b'],
    ['with a blank', '/a b'],
    ['relative', 'a'],
  ])('a path that is %s is malformed', async (_what, path) => {
    await using t = await throughProxy();
    const { reset } = await t.client.request(getOf({ ':path': path }));
    expect(reset?.code).toBe(ErrorCode.PROTOCOL_ERROR);
  });

  it('the query goes on as it came, and so do methods that nobody knows', async () => {
    await using t = await throughProxy();
    await t.client.request(getOf({ ':method': 'BREW', ':path': '/a?b=%2F/../%61&c' }));
    expect(valuesOf(t.backend.calls[0]!, ':path')).toEqual(['/a?b=%2F/../%61&c']);
    expect(valuesOf(t.backend.calls[0]!, ':method')).toEqual(['BREW']);
  });

  it('OPTIONS * goes on as it is', async () => {
    await using t = await throughProxy();
    const answer = await t.client.request(getOf({ ':method': 'OPTIONS', ':path': '*' }));
    expect(answer.status).toBe(200);
    expect(valuesOf(t.backend.calls[0]!, ':path')).toEqual(['*']);
    expect(valuesOf(t.backend.calls[0]!, 'max-forwards')).toEqual([]);
  });

  it('CONNECT is not done here', async () => {
    await using t = await throughProxy();
    const answer = await t.client.request([
      [':method', 'CONNECT'],
      [':authority', 'echo:25'],
    ]);
    expect(answer.status).toBe(501);
    expect(t.backend.calls).toHaveLength(0);
  });
});

describe(':scheme', () => {
  it.each([
    ['keep', '', 'https', 'https'],
    ['match-upstream', 'scheme: match-upstream', 'https', 'http'],
    ['match-upstream, the same', 'scheme: match-upstream', 'http', 'http'],
  ])('%s', async (_what, policy, sent, expected) => {
    await using t = await throughProxy(undefined, [], `    policy: { ${policy} }`);
    for (let count = 0; count < 3; count++) await t.client.request(requestOf({ ':scheme': sent }));
    expect(t.backend.calls.flatMap((call) => valuesOf(call, ':scheme'))).toEqual(Array(3).fill(expected));
    // How the client came in is told apart from it.
    expect(valuesOf(t.backend.calls[0]!, 'x-forwarded-proto')).toEqual(['http']);
  });
});

describe('hops', () => {
  it('says that the request came through here', async () => {
    await using t = await throughProxy();
    await t.client.request(requestOf({}, [['via', '1.1 first, 2.0 second']]));
    expect(valuesOf(t.backend.calls[0]!, 'via')).toEqual(['1.1 first, 2.0 second', '2.0 evenly']);
  });

  it('a request that goes round in circles ends', async () => {
    const via: [string, string][] = Array.from({ length: 16 }, () => ['via', '2.0 evenly, 2.0 evenly']);
    await using t = await throughProxy();
    const plain = await t.client.request(getOf({}, via));
    expect(plain.status).toBe(508);
    const grpc = await t.client.request(requestOf({}, via));
    expect(grpc.get('grpc-status')).toBe('13');
    expect(t.backend.calls).toHaveLength(0);
    expect((await t.client.request(getOf({}, via.slice(1)))).status).toBe(200);
  });

  it('a proxy that is its own endpoint answers at last', async () => {
    await using outer = await startProxy(`services:
  itself: { source: { static: { endpoints: [] } } }
routes: [{ match: {}, to: [{ service: itself }] }]
`);
    await outer.write(`services:
  itself: { source: { static: { endpoints: ['${outer.address}'] } } }
routes: [{ match: {}, to: [{ service: itself }] }]
`);
    const client = new RawClient(outer.port);
    await expect.poll(async () => (await client.request(getOf())).status, { timeout: 20_000 }).toBe(508);
    client.close();
  });

  it('Max-Forwards counts down for OPTIONS and TRACE, and ends here at 0', async () => {
    await using t = await throughProxy();
    for (const method of ['OPTIONS', 'TRACE', 'GET'])
      await t.client.request(getOf({ ':method': method, 'max-forwards': '3' }));
    expect(t.backend.calls.flatMap((call) => valuesOf(call, 'max-forwards'))).toEqual(['2', '2', '3']);
    const options = await t.client.request(getOf({ ':method': 'OPTIONS', 'max-forwards': '0' }));
    expect([options.status, options.content, options.get('content-length')]).toEqual([204, '', undefined]);
    expect((await t.client.request(getOf({ ':method': 'TRACE', 'max-forwards': '0' }))).status).toBe(501);
    expect(t.backend.calls).toHaveLength(3);
    await t.client.request(getOf({ 'max-forwards': '0' }));
    expect(t.backend.calls).toHaveLength(4);
  });
});
