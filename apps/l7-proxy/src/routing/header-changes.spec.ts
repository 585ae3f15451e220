import { connect } from 'node:http2';
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { startProxy } from '../testing/harness.ts';
import { scriptedBackend, type BackendCall } from '../testing/scripted-backend.ts';

const mesh = (endpoint: string, to: string, route: string) => `services:
  echo: { source: { static: { endpoints: ['${endpoint}'] } } }
routes:
  - name: changed
    match: {}
    to: [{ service: echo, ${to} }]
    ${route}
`;

const valuesOf = ({ headers }: BackendCall, name: string) =>
  headers.fields.filter((one) => one.name === name).map(({ value }) => value);

/** Headers and trailers of a call's response, as a gRPC program sees them. */
function answerTo(address: string, sent: Record<string, string>) {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(sent)) metadata.set(name, value);
  const bytes = (value: Buffer) => value;
  return new Promise<{ headers: Metadata | undefined; trailers: Metadata; code: number }>((resolve) => {
    let headers: Metadata | undefined;
    client
      .makeUnaryRequest('/a.B/C', bytes, bytes, Buffer.from('x'), metadata, () => client.close())
      .on('metadata', (one) => (headers = one))
      .on('status', ({ metadata: trailers, code }) => resolve({ headers, trailers, code }));
  });
}

describe('changes of request headers', () => {
  it('what is removed goes, what is set replaces, what is added stands beside; destination first, then route', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(
      mesh(
        backend.address,
        'requestHeaders: { set: [{ name: x-set, value: destination }, { name: x-both, value: destination }], add: [{ name: x-add, value: one }] }',
        'requestHeaders: { set: [{ name: x-both, value: route }], add: [{ name: x-add, value: two }], remove: [x-gone, user-agent] }',
      ),
    );
    const client = new GrpcClient(proxy.address);
    const metadata = { 'x-set': 'client', 'x-gone': 'client', 'x-add': 'zero', 'x-kept': 'client' };
    // Twice: what was worked out for a block is used again.
    for (const call of [0, 1, 2]) {
      expect(await client.unary('ping', { metadata })).toMatchObject({ code: 'OK' });
      const seen = backend.calls[call]!;
      expect(valuesOf(seen, 'x-set')).toEqual(['destination']);
      expect(valuesOf(seen, 'x-both')).toEqual(['route']);
      expect(valuesOf(seen, 'x-add')).toEqual(['zero', 'one', 'two']);
      expect(valuesOf(seen, 'x-kept')).toEqual(['client']);
      expect([...valuesOf(seen, 'x-gone'), ...valuesOf(seen, 'user-agent')]).toEqual([]);
    }
    client.close();
  });

  it('an x-request-id of the route is the only one, and no scheme is lost by it', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    const config = mesh(
      backend.address,
      'weight: 1',
      'requestHeaders: { set: [{ name: x-request-id, value: fixed }] }',
    ).replace('] } } }\n', '] } }, policy: { scheme: match-upstream } }\n');
    await using proxy = await startProxy(config);
    const client = new GrpcClient(proxy.address);
    await client.unary();
    client.close();
    expect(valuesOf(backend.calls[0]!, 'x-request-id')).toEqual(['fixed']);
    expect(valuesOf(backend.calls[0]!, ':scheme')).toEqual(['http']);
  });
});

describe('changes of response headers', () => {
  const changes =
    'responseHeaders: { set: [{ name: x-set, value: route }], add: [{ name: x-add, value: route }], remove: [x-gone] }';

  it('are of the headers, not of trailers', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        call.answer();
        call.trailers(0, [
          ['x-gone', 'trailers'],
          ['x-set', 'trailers'],
        ]);
      },
    });
    await using proxy = await startProxy(mesh(backend.address, 'weight: 1', changes));
    const { headers, trailers } = await answerTo(proxy.address, {});
    expect(headers!.get('x-set')).toEqual(['route']);
    expect(headers!.get('x-add')).toEqual(['route']);
    expect(trailers.get('x-gone')).toEqual(['trailers']);
    expect(trailers.get('x-set')).toEqual(['trailers']);
  });

  it('are of a response that is a status and nothing else, too', async () => {
    await using backend = await scriptedBackend({
      onEnd: (call) =>
        call.trailersOnly(5, [
          ['x-gone', 'endpoint'],
          ['x-set', 'endpoint'],
        ]),
    });
    await using proxy = await startProxy(mesh(backend.address, 'weight: 1', changes));
    const { trailers, code } = await answerTo(proxy.address, {});
    expect(code).toBe(5);
    expect(trailers.get('x-set')).toEqual(['route']);
    expect(trailers.get('x-gone')).toEqual([]);
  });

  it('are not of what the proxy answers itself', async () => {
    await using proxy = await startProxy(mesh('127.0.0.1:1', 'weight: 1', changes), ['--connect-wait', '0s']);
    const { trailers, code } = await answerTo(proxy.address, {});
    expect(code).toBe(14);
    expect(trailers.get('x-set')).toEqual([]);
  });
});

describe('a share that is refused', () => {
  it('ends with UNAVAILABLE or 500 by its weight, and is counted', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    const config = mesh(backend.address, 'weight: 1', '').replace(
      'weight: 1 }',
      'weight: 1 }, { refuse: true, weight: 1 }',
    );
    await using proxy = await startProxy(config);
    const client = new GrpcClient(proxy.address);
    const codes = await Promise.all(Array.from({ length: 200 }, () => client.unary()));
    const refused = codes.filter(({ code }) => code === 'UNAVAILABLE');
    // Of 200 with a chance of one half each: fewer than 50 come once in 10^12 runs.
    expect(refused.length).toBeGreaterThan(50);
    expect(refused.length + codes.filter(({ code }) => code === 'OK').length).toBe(200);
    expect(refused[0]!.details).toBe('the route leads to what is not there');
    expect(backend.calls).toHaveLength(200 - refused.length);
    const [route] = proxy.status().listeners[0]!.routes;
    expect(route).toMatchObject({ active: 0, calls: 200, failures: refused.length });
    client.close();

    await proxy.write(
      config.replace('service: echo', 'refuse: true').replace(', { refuse: true, weight: 1 }', ''),
    );
    await expect.poll(() => proxy.log.filter(({ message }) => message === 'config applied').length).toBe(2);
    const http = connect(`http://${proxy.address}`);
    const stream = http.request({ ':path': '/' });
    const status = await new Promise((resolve) => stream.on('response', (head) => resolve(head[':status'])));
    expect(status).toBe(500);
    stream.close();
    http.destroy();
  });
});
