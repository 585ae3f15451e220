import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { authority, secretFolder } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy, startProxyWith, type RunningProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { XdsServerProcess } from '../testing/xds-server.ts';
import { problemsOf } from './problems.ts';

const problems = (proxy: Pick<RunningProxy, 'status'>) =>
  [...problemsOf(proxy.status())].map(({ text }) => text.replace(/\s+/g, ' '));

const metric = async ({ metrics }: Pick<RunningProxy, 'metrics'>, name: string) =>
  (await metrics.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

/** An address of loopback that no outgoing connection takes a port of. */
const aside = '127.0.77.1';

/** A program that has a port. */
async function occupied() {
  const other = createServer().listen(0, aside);
  await once(other, 'listening');
  return { port: (other.address() as AddressInfo).port, free: () => other.close() };
}

const withSecond = (endpoint: string, listener: string) => `${oneService([endpoint])}
listeners:
  - { name: in, address: 127.0.0.1, port: 0 }
  ${listener}
`;

describe('a listener that cannot have its port', { timeout: 60_000 }, () => {
  it.each(['a config file', 'xDS'])('is a problem until it has it: by %s', async (carrier) => {
    const { port, free } = await occupied();
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using server =
      carrier === 'xDS' ? await XdsServerProcess.start(withSecond(backend.address, '')) : null;
    await using proxy = server
      ? await startProxyWith(['--xds-server', server.address])
      : await startProxy(withSecond(backend.address, ''));
    await expect.poll(() => problems(proxy)).toEqual([]);

    const both = withSecond(backend.address, `- { name: second, address: ${aside}, port: ${port} }`);
    await (server ?? (proxy as RunningProxy)).write(both);
    const said = [expect.stringMatching(/^Listener <b>second<\/b> does not listen, .*port \d+ is in use/)];
    await expect.poll(() => problems(proxy), { timeout: 10_000 }).toEqual(said);
    expect(proxy.status().listeners).toMatchObject([
      { name: 'in' },
      { name: 'second', connections: 0, error: expect.stringContaining('is in use') as string },
    ]);
    const up = () => metric(proxy, 'evenly_proxy_listener_up');
    expect(await up()).toEqual([
      'evenly_proxy_listener_up{listener="in"} 1',
      'evenly_proxy_listener_up{listener="second"} 0',
    ]);

    free();
    await expect.poll(() => problems(proxy), { timeout: 20_000 }).toEqual([]);
    expect(await up()).toContain('evenly_proxy_listener_up{listener="second"} 1');
    const client = new GrpcClient(`${aside}:${port}`);
    expect((await client.unary()).code).toBe('OK');
    client.close();
  });

  it('is none any more when the config does not have it', async () => {
    const { port, free } = await occupied();
    await using proxy = await startProxy(withSecond('127.0.0.1:1', ''));
    await proxy.write(withSecond('127.0.0.1:1', `- { name: second, address: ${aside}, port: ${port} }`));
    await expect.poll(() => problems(proxy).join()).toContain('second');
    await proxy.write(withSecond('127.0.0.1:1', ''));
    await expect.poll(() => problems(proxy).join()).not.toContain('second');
    free();
  });
});

it('a circuit breaker is a problem while it is open', async () => {
  await using backend = await scriptedBackend({});
  await using proxy = await startProxy(
    oneService([backend.address], '    policy: { circuitBreaker: { maxRequests: 1 } }'),
  );
  const [first, second] = [new GrpcClient(proxy.address), new GrpcClient(proxy.address)];
  const waiting = first.unary('ping', { deadlineMs: 60_000 });
  await expect.poll(() => problems(proxy)).toEqual([expect.stringContaining('1 calls at a time, 0 refused')]);
  expect((await second.unary()).code).toBe('UNAVAILABLE');
  expect(problems(proxy)).toEqual([expect.stringContaining('<b>echo</b>: the circuit breaker is open')]);
  expect(await metric(proxy, 'evenly_proxy_breaker_open')).toContain(
    'evenly_proxy_breaker_open{service="echo",kind="request"} 1',
  );
  backend.calls[0]!.reply();
  expect((await waiting).code).toBe('OK');
  await expect.poll(() => problems(proxy)).toEqual([]);
  first.close();
  second.close();
});

it('certificates that end soon are a problem, and so are new ones that cannot be used', async () => {
  const ca = await authority('ours');
  const names = { ips: ['127.0.0.1'] };
  // Of these, issued ten days ago, one has a fifth of its time left and one has less.
  const [good, ending] = await Promise.all([ca.issue('good', names, 100), ca.issue('ending', names, 1)]);
  const filesOf = ({ cert, key }: { cert: string; key: string }) => ({ 'tls.crt': cert, 'tls.key': key });
  const folder = await secretFolder(filesOf(good));
  await using backend = await scriptedBackend({});
  const file = folder.path('tls.crt');
  await using proxy = await startProxy(oneService([backend.address]), [
    ...['--tls-cert', file, '--tls-key', folder.path('tls.key')],
  ]);
  await expect.poll(() => problems(proxy)).toEqual([]);
  await folder.swap(filesOf({ cert: good.cert, key: ending.key }));
  await expect.poll(() => problems(proxy)).toEqual([expect.stringContaining('does not belong to')]);
  await folder.swap(filesOf(ending));
  await expect.poll(() => problems(proxy)).toEqual([expect.stringContaining(`${file}</code> ends soon, at`)]);
  expect(proxy.status().certificates).toMatchObject([{ file, endsSoon: true }]);
  const [line] = await metric(proxy, 'evenly_proxy_certificate_expiry_timestamp_seconds');
  expect(Number(line!.split(' ').at(-1))).toBe(Date.parse(proxy.status().certificates[0]!.validUntil) / 1000);
  await folder.remove();
});
