import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenAccess } from '@evenly/kubernetes';
import { FakeConsulAgent } from '../testing/consul-agent.ts';
import { testDns } from '../testing/dns.ts';
import { echoClient } from '../testing/echo-client.ts';
import { echoServer, type EchoTestServer } from '../testing/echo-server.ts';
import { sliceObject, testKube } from '../testing/kube.ts';
import { register } from './index.ts';

let servers: EchoTestServer[];
const ended: (() => unknown)[] = [];

beforeEach(async () => {
  servers = await Promise.all([echoServer(), echoServer(), echoServer()]);
});
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
  for (const server of servers) server.stop();
  register();
});

const names = (some: readonly EchoTestServer[]) => some.map(({ name }) => name).sort();
const keysOf = (some: readonly EchoTestServer[]) => some.map(({ name }) => `127.0.0.1:${name}`);

/** That there is nobody any more is one of the changes. */
const emptyGraceMs = 100;

/** Every scheme: a target, and a way to say who serves. */
const schemes = {
  'dns+srv': async () => {
    const dns = await testDns();
    ended.push(() => dns.server.stop());
    register({
      emptyGraceMs,
      dns: { servers: [`127.0.0.1:${dns.server.status.port}`], refreshMs: 100, minRefreshMs: 20 },
    });
    const publish = async (some: readonly EchoTestServer[]) =>
      dns.publish(...some.map(({ endpoint }): [string, number] => [endpoint.address, endpoint.port]));
    return { target: `dns+srv:///${dns.name}`, publish };
  },
  file: async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'evenly-')), 'endpoints.json');
    const publish = (some: readonly EchoTestServer[]) =>
      writeFile(path, JSON.stringify({ endpoints: keysOf(some) }));
    return { target: `file://${path}`, publish };
  },
  consul: async () => {
    const agent = await new FakeConsulAgent().start();
    ended.push(() => agent.stop());
    register({ emptyGraceMs });
    const publish = async (some: readonly EchoTestServer[]) =>
      agent.put(some.map(({ name, endpoint }) => ({ id: name, ...endpoint })));
    return { target: `consul://${new URL(agent.url).host}/be1-srv?tag=v1&stale`, publish };
  },
  k8s: async () => kubernetesTarget('k8s:///be1-srv.default:grpc'),
  kubernetes: async () => kubernetesTarget('kubernetes:///default/be1-srv/grpc'),
};

async function kubernetesTarget(target: string) {
  const { server } = await testKube();
  ended.push(() => server.stop());
  const access = tokenAccess({ server: server.url });
  register({ emptyGraceMs, kubernetes: { access } });
  // A slice has one port, and these servers have one address: a slice each.
  const publish = async (some: readonly EchoTestServer[]) => {
    for (const { name, endpoint } of servers) {
      if (!some.some((each) => each.name === name)) server.store.delete('default', name);
      else
        server.store.put(
          sliceObject(name, {
            endpoints: [{ addresses: ['127.0.0.1'] }],
            ports: [{ name: 'grpc', protocol: 'TCP', port: endpoint.port }],
          }),
        );
    }
  };
  return { target, publish, access };
}

describe.each(Object.entries(schemes))('%s', (name, make) => {
  it('reaches all endpoints evenly without any option of the channel, and follows changes', async () => {
    const { target, publish } = await make();
    await publish(servers.slice(0, 2));
    const client = echoClient(target);
    ended.push(client.close);
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(0, 2)));
    const counts = await client.counts(20);
    expect([...counts.values()]).toEqual([10, 10]);
    await publish(servers); // scale-out: nobody's connection breaks
    await expect.poll(() => client.answering()).toEqual(names(servers));
    await publish(servers.slice(1)); // scale-in: the connection that is left over gets no call, although it works
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(1)));
    expect(await client.call()).not.toBe(servers[0]!.name);
    if (name !== 'dns+srv') {
      // There the name would be gone as well, which is an error, and errors keep the last endpoints.
      await publish([]);
      await expect.poll(() => client.call(1000)).toMatch(/UNAVAILABLE.*0 endpoints/);
    }
    await publish(servers.slice(0, 1));
    await expect.poll(() => client.answering()).toEqual(names(servers.slice(0, 1)));
  });
});

describe('the API server of Kubernetes', () => {
  it.each([
    'k8s:///be1-srv:grpc',
    'k8s://default/be1-srv:grpc',
    'kubernetes:///be1-srv:grpc',
    'kubernetes:///be1-srv.default:grpc',
    'kubernetes:///be1-srv.default.svc.cluster.local:grpc',
    'kubernetes://default/be1-srv:grpc',
    'kubernetes://be1-srv:grpc/',
    'kubernetes://be1-srv.default:grpc/',
  ])('%s is a service in a namespace that is named, or in the own one', async (target) => {
    const { publish, access } = await kubernetesTarget(target);
    await publish(servers.slice(0, 1));
    // What is not named is neither "default" by chance nor the other way round.
    const own = target.includes('default') ? 'other' : 'default';
    register({ kubernetes: { access: { ...access, namespace: async () => own } } });
    const client = echoClient(target);
    ended.push(client.close);
    expect(await client.call()).toBe(servers[0]!.name);
  });
});

describe('dns+a', () => {
  it('reaches the addresses of a name at the port of the target, and those that come later', async () => {
    const port = Number(servers[0]!.name);
    const other = await echoServer({ host: '127.0.0.2', port });
    ended.push(other.stop);
    const dns = await testDns();
    ended.push(() => dns.server.stop());
    dns.publish(['127.0.0.1', port]);
    register({ dns: { refreshMs: 100, minRefreshMs: 20 } });
    const at = `127.0.0.1:${dns.server.status.port}`;
    const client = echoClient(`dns+a://${at}/be1-srv.default.svc.cluster.local:${port}`);
    ended.push(client.close);
    await expect.poll(() => client.answering()).toEqual([servers[0]!.name]);
    expect(other.calls()).toBe(0);
    dns.publish(['127.0.0.1', port], ['127.0.0.2', port]);
    await expect.poll(async () => (await client.call(), other.calls())).toBeGreaterThan(0);
  });
});
