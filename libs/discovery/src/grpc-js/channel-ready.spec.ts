import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Channel, connectivityState, credentials } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { testDns } from '../testing/dns.ts';
import { echoServer } from '../testing/echo-server.ts';
import { sliceObject, testKube } from '../testing/kube.ts';
import { tokenAccess } from '@evenly/kubernetes';
import { channelReady, register } from './index.ts';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
  register();
});

function channelOf(target: string): Channel {
  const channel = new Channel(target, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 100,
  });
  ended.push(() => channel.close());
  return channel;
}

/** A target, and a way to say which port serves. */
const targets = {
  k8s: async () => {
    const { server } = await testKube();
    ended.push(() => server.stop());
    register({ kubernetes: { access: tokenAccess({ server: server.url }) } });
    const publish = async (port: number) => {
      const ports = [{ name: 'grpc', protocol: 'TCP', port }];
      server.store.put(sliceObject('a', { endpoints: [{ addresses: ['127.0.0.1'] }], ports }));
    };
    return { target: 'k8s:///be1-srv.default:grpc', publish };
  },
  'dns+srv': async () => {
    const dns = await testDns();
    ended.push(() => dns.server.stop());
    register({ dns: { servers: [`127.0.0.1:${dns.server.status.port}`], refreshMs: 100, minRefreshMs: 20 } });
    return {
      target: `dns+srv:///${dns.name}`,
      publish: async (port: number) => dns.publish(['127.0.0.1', port]),
    };
  },
  file: async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'evenly-')), 'endpoints.json');
    const publish = (port: number) => writeFile(path, JSON.stringify({ endpoints: [`127.0.0.1:${port}`] }));
    return { target: `file://${path}`, publish };
  },
};

it.each(Object.entries(targets))(
  '%s: waits for endpoints, then for one that answers',
  async (_scheme, make) => {
    const { target, publish } = await make();
    const server = await echoServer();
    server.stop();
    const channel = channelOf(target);
    let isReady = false;
    const ready = channelReady(channel).then(() => (isReady = true));
    await expect.poll(() => channel.getConnectivityState(false)).toBe(connectivityState.TRANSIENT_FAILURE);
    expect(isReady).toBe(false);
    await publish(server.endpoint.port);
    const back = await echoServer({ port: server.endpoint.port });
    ended.push(() => back.stop());
    await ready;
    expect(isReady).toBe(true);
    await channelReady(channel); // at once, from now on
  },
);

it('a fixed address: the same', async () => {
  const server = await echoServer();
  ended.push(() => server.stop());
  await expect(channelReady(channelOf(`ipv4:127.0.0.1:${server.endpoint.port}`))).resolves.toBeUndefined();
});

it('ends with what its signal is aborted with, before and while it waits', async () => {
  const channel = channelOf('ipv4:127.0.0.1:1');
  const reason = new Error('too late');
  await expect(channelReady(channel, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const abort = new AbortController();
  const waiting = channelReady(channel, { signal: abort.signal });
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

it('ends when the channel is closed, and wakes nothing in it', async () => {
  const { server } = await testKube();
  ended.push(() => server.stop());
  register({ kubernetes: { access: tokenAccess({ server: server.url }) } });
  const channel = channelOf('k8s:///be1-srv.default:grpc');
  const waiting = channelReady(channel);
  await expect.poll(() => server.watches).toBe(1);
  channel.close();
  await expect(waiting).rejects.toThrow('the channel is closed');
  await expect(channelReady(channel)).rejects.toThrow('the channel is closed');
  await expect.poll(() => server.watches).toBe(0);
});
