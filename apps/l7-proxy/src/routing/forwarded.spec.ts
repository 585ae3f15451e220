import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';

/** What the endpoint sees of two equal requests. */
async function seen(headers: OutgoingHttpHeaders, flags: readonly string[] = []) {
  await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
  await using proxy = await startProxy(oneService([backend.address]), flags);
  const session = connect(`http://${proxy.address}`);
  for (let count = 0; count < 2; count++) {
    const request = session.request({ ':path': '/a', ':authority': 'shop.example.org', ...headers });
    await new Promise((resolve) => request.resume().on('end', resolve));
  }
  session.close();
  return backend.calls.map(({ headers: block }) =>
    Object.fromEntries(block.fields.map(({ name, value }) => [name, value])),
  );
}

describe('what an endpoint is told of the client', () => {
  const spoofed = {
    'x-forwarded-for': '192.0.2.1, 192.0.2.2',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'other.example.org',
    forwarded: 'for=192.0.2.1',
  };

  it('is not what the client says', async () => {
    const [first] = await seen(spoofed);
    expect(first).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example.org',
    });
    expect(first).not.toHaveProperty('forwarded');
  });

  it('is added to what a proxy of ours says', async () => {
    const [first] = await seen(spoofed, ['--trust-forwarded']);
    expect(first).toMatchObject({ ...spoofed, 'x-forwarded-for': '192.0.2.1, 192.0.2.2, 127.0.0.1' });
  });

  it('has no empty members, whatever came', async () => {
    const [first] = await seen({ 'x-forwarded-for': ', 192.0.2.1,, ' }, ['--trust-forwarded']);
    expect(first).toMatchObject({ 'x-forwarded-for': '192.0.2.1, 127.0.0.1' });
  });

  it('does not grow without end', async () => {
    const chain = Array<string>(100).fill('192.0.2.1').join(',');
    const [first] = await seen({ 'x-forwarded-for': chain }, ['--trust-forwarded']);
    expect(first!['x-forwarded-for']!.split(', ')).toHaveLength(32);
  });
});

describe('x-request-id', () => {
  it('is made, another for each call', async () => {
    const ids = (await seen({})).map((headers) => headers['x-request-id']);
    expect(ids).toEqual([
      expect.stringMatching(/^[\w-]{12}\.\d+$/),
      expect.stringMatching(/^[\w-]{12}\.\d+$/),
    ]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('is kept where there is one, and not made when it is off', async () => {
    expect((await seen({ 'x-request-id': 'mine' }))[1]).toMatchObject({ 'x-request-id': 'mine' });
    expect((await seen({}, ['--request-ids', 'off']))[1]).not.toHaveProperty('x-request-id');
  });
});
