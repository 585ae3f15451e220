import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ChannelOptions } from '@grpc/grpc-js';
import { afterEach, expect, it, vi } from 'vitest';
import { echoClient } from '../testing/echo-client.ts';
import { echoServer } from '../testing/echo-server.ts';
import { fileTarget } from '../testing/file-target.ts';
import { register } from './index.ts';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
  vi.unstubAllEnvs();
  register();
});

/** A proxy that connects nobody, and what is needed to call past it. */
async function behindProxy(variable: string) {
  const proxy = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const server = await echoServer();
  const { port } = proxy.address() as { port: number };
  vi.stubEnv(variable, `http://127.0.0.1:${port}`);
  const warnings: string[] = [];
  register({ onWarning: (message) => warnings.push(message) });
  const clientOf = async (options: ChannelOptions = {}) => {
    const { target } = await fileTarget(server.endpoint);
    const client = echoClient(target, options);
    ended.push(client.close);
    return { target, ...client };
  };
  ended.push(
    () => proxy.close(),
    () => server.stop(),
  );
  return { clientOf, warnings, server };
}

it.each(['grpc_proxy', 'https_proxy', 'http_proxy'])(
  'warns of a channel that %s takes away',
  async (variable) => {
    vi.stubEnv('no_proxy', '*');
    const { clientOf, warnings, server } = await behindProxy(variable);
    const open = await clientOf({ 'grpc.enable_http_proxy': 0 });
    expect(await open.call()).toBe(server.name);
    expect(warnings).toEqual([]);
    const { target, call } = await clientOf();
    expect(await call()).toMatch(/^14 UNAVAILABLE/);
    expect(warnings).toEqual([
      `${target}: ${variable} is set, so grpc-js calls that proxy and looks for no endpoints: ` +
        "give the channel the option 'grpc.enable_http_proxy': 0",
    ]);
  },
);

it('says nothing where no proxy is set', async () => {
  const { clientOf, warnings, server } = await behindProxy('HTTP_PROXY');
  expect(await (await clientOf()).call()).toBe(server.name);
  expect(warnings).toEqual([]);
});
