import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tokenAccess } from '@evenly/kubernetes';
import { echoClient } from '../testing/echo-client.ts';
import { echoServer, type EchoTestServer } from '../testing/echo-server.ts';
import { fileTarget } from '../testing/file-target.ts';
import { sliceObject, testKube } from '../testing/kube.ts';
import { a, cname, scriptedDns, srv, type ScriptedAnswer } from '../testing/scripted-dns.ts';
import { register } from './index.ts';

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
  vi.unstubAllEnvs();
  register();
});

async function server() {
  const started = await echoServer();
  ended.push(started.stop);
  return started;
}

function clientOf(target: string) {
  const client = echoClient(target);
  ended.push(client.close);
  return client;
}

const slice = ({ name, endpoint }: EchoTestServer) =>
  sliceObject(name, {
    endpoints: [{ addresses: ['127.0.0.1'] }],
    ports: [{ name: 'grpc', protocol: 'TCP', port: endpoint.port }],
  });

/** An API server, and one pod that it does not know of at first. */
async function kubernetes() {
  const warnings: string[] = [];
  const { server: api } = await testKube();
  ended.push(() => api.stop());
  const access = tokenAccess({ server: api.url });
  const backoff = { initialMs: 5, maxMs: 50 };
  register({ kubernetes: { access, backoff }, onWarning: (message) => warnings.push(message) });
  const pod = await server();
  return { api, pod, warnings, client: clientOf('k8s:///be1-srv.default:grpc') };
}

describe('a target that cannot be read', () => {
  it.each([
    ['k8s:///be1-srv', /cannot read the target k8s:\/\/\/be1-srv: .*k8s:\/\/\/be1-srv\.default:50051/],
    ['k8s:///.default:50051', /a service, its namespace and a port/],
    ['k8s://BE1/be1-srv:50051', /a service, its namespace and a port/],
    ['consul:///a/b', /expected consul:\/\/\/service or/],
    ['consul:///?tag=x', /expected consul/],
    ['consul:///be1-srv?near=_agent', /with \?dc=, tag=, passing, stale, consistent/],
    ['consul://[/be1-srv', /the agent's address must be such as/],
    ['kubernetes://a/b/c/1', /a service, its namespace and a port/],
    ['kubernetes://be1-srv.default/', /a service, its namespace and a port/],
    ['k8s:///be1-srv.default', /a service, its namespace and a port/],
    ['k8s:///BE1_SRV.default:50051', /a service, its namespace and a port/],
    ['k8s:///a.b.c.d:1', /a service, its namespace and a port/],
    ['k8s://host/be1-srv.default:50051', /a service, its namespace and a port/],
    ['kubernetes:///be1-srv', /kubernetes:\/\/\/default\/be1-srv\/50051/],
    ['kubernetes:///a/b/c/d', /kubernetes:\/\/\/default\/be1-srv\/50051/],
    ['dns+a:///server', /expected dns\+a:\/\/\/name:port/],
    ['dns+a:///server:http', /expected dns\+a:\/\/\/name:port/],
    ['dns+a:///server:65536', /expected dns\+a:\/\/\/name:port/],
    ['dns+a:///ser..ver:1', /"ser\.\.ver" is no DNS name/],
    ['dns+srv:///a..b', /"a\.\.b" is no DNS name/],
    ['dns+srv://dns.example/a.b', /"dns.example" is no DNS server/],
    ['file://host/x.json', /expected file:\/\/\/absolute\/path\.json/],
    ['file:///', /cannot read/],
  ])('%s: UNAVAILABLE, and why', async (target, message) => {
    const client = clientOf(target);
    const answer = await client.call();
    expect(answer).toMatch(/^14 UNAVAILABLE: /);
    expect(answer).toMatch(message);
  });
});

describe('a file', () => {
  it('that is not there, or no JSON: says so, and is used when it is mended; a broken one changes nothing', async () => {
    const [first, second] = [await server(), await server()];
    const { target, path, publish, writeText } = await fileTarget();
    await writeText('{"endpoints": [');
    const client = clientOf(target);
    expect(await client.call()).toMatch(/UNAVAILABLE: file:.*endpoints\.json:1: not valid JSON or YAML/);
    await publish(first.endpoint);
    await expect.poll(() => client.call()).toBe(first.name);
    await writeText('no endpoints');
    await publish(second.endpoint);
    await expect.poll(() => client.call()).toBe(second.name);
    expect(await clientOf(`file:${path}.gone`).call()).toMatch(/UNAVAILABLE: .*cannot read: ENOENT/);
  });
});

describe('DNS', () => {
  const srvName = '_grpc._tcp.be1.test';

  async function dns(answers: (type: string) => ScriptedAnswer | undefined) {
    const started = await scriptedDns(({ type }) => answers(type));
    ended.push(started.stop);
    register({ dns: { servers: [started.address], refreshMs: 200, minRefreshMs: 50, timeoutMs: 300 } });
    return started;
  }

  it('a truncated answer, a loop, no such name, no answer: UNAVAILABLE that says it; recovery', async () => {
    const pod = await server();
    const cases: [ScriptedAnswer | undefined, RegExp][] = [
      [{ truncated: true }, /UNAVAILABLE: dns\+srv:.*truncated, even by TCP/],
      [{ answers: [cname(srvName, 'a.test'), cname('a.test', srvName)] }, /DNS aliases form a loop/],
      [{ rcode: 3 }, /DNS has no name .*NXDOMAIN/],
      [{ rcode: 2 }, /SERVFAIL/],
      [undefined, /no response within 300 ms/],
    ];
    for (const [answer, message] of cases) {
      let broken = true;
      await dns((type) => {
        if (broken) return answer;
        return type === 'SRV'
          ? {
              answers: [srv(srvName, 'pod.test', pod.endpoint.port)],
              additionals: [a('pod.test', '127.0.0.1')],
            }
          : {};
      });
      const client = clientOf(`dns+srv:///${srvName}`);
      expect(await client.call()).toMatch(message);
      broken = false;
      await expect.poll(() => client.call()).toBe(pod.name);
    }
  });

  it('is asked once for all channels of the process, and again at once when a connection fails', async () => {
    const pods = [await server(), await server()];
    let current = pods[0]!;
    const { asked, address } = await scriptedDns(() => ({
      answers: [srv(srvName, 'pod.test', current.endpoint.port, 0, 0, 3600)],
      additionals: [a('pod.test', '127.0.0.1', 3600)],
    }));
    register({ dns: { servers: [address], refreshMs: 3_600_000, minRefreshMs: 50 } });
    const clients = Array.from({ length: 20 }, () => clientOf(`dns+srv:///${srvName}`));
    for (const client of clients) expect(await client.call()).toBe(pods[0]!.name);
    expect(asked).toHaveLength(1);
    current = pods[1]!;
    pods[0]!.stop();
    for (const client of clients) await expect.poll(() => client.call()).toBe(pods[1]!.name);
    expect(asked.length).toBeLessThan(20); // one question for all, though all lost their connection
  });
});

describe('Kubernetes', () => {
  it('403: the rule that is missing, said once; works when it is there', async () => {
    const { api, pod, client, warnings } = await kubernetes();
    api.faults.forbid = ['list', 'watch'];
    api.store.put(slice(pod));
    expect(await client.call()).toMatch(/UNAVAILABLE: k8s:.*endpointslices/);
    api.faults.forbid = [];
    await expect.poll(() => client.call()).toBe(pod.name);
    api.faults.forbid = ['list', 'watch'];
    api.cutWatches();
    await expect.poll(() => warnings.length).toBeGreaterThan(0);
    expect(await client.call()).toBe(pod.name); // the last endpoints stay
    expect(warnings[0]).toMatch(/going on with the last endpoints/);
    expect(warnings).toEqual([...new Set(warnings)]);
  });

  it('an API server that answers HTML: says so; works when it is mended', async () => {
    const { api, pod, client } = await kubernetes();
    api.faults.answer = 'html';
    api.store.put(slice(pod));
    expect(await client.call()).toMatch(/UNAVAILABLE: k8s:.*answers text\/html/);
    api.faults.answer = 'properly';
    await expect.poll(() => client.call()).toBe(pod.name);
  });

  it('an unknown namespace or service, or a port that no pod has: says so; works when it appears', async () => {
    const { api, pod, client, warnings } = await kubernetes();
    expect(await client.call()).toMatch(
      /UNAVAILABLE: no endpoint may get calls: k8s:\/\/\/be1-srv\.default:grpc has 0 endpoints/,
    );
    expect(warnings).toEqual([expect.stringMatching(/does the service exist/)]);
    api.store.put(slice(pod));
    await expect.poll(() => client.call()).toBe(pod.name);
    expect(await clientOf('k8s:///be1-srv.default:http').call()).toMatch(/without TCP port "http"/);
  });

  it('no kubeconfig and not in a cluster: says so; works when there is one', async () => {
    const home = await mkdtemp(join(tmpdir(), 'evenly-'));
    vi.stubEnv('HOME', home);
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '');
    register();
    const client = clientOf('k8s:///be1-srv.default:grpc');
    expect(await client.call()).toMatch(/UNAVAILABLE: k8s:.*not in a cluster.*a kubeconfig is needed/);
    const { server: api } = await testKube();
    ended.push(() => api.stop());
    const pod = await server();
    api.store.put(slice(pod));
    const file = join(home, 'config');
    const cluster = {
      clusters: [{ name: 'a', cluster: { server: api.url } }],
      users: [{ name: 'a', user: {} }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    };
    await writeFile(file, JSON.stringify({ ...cluster, 'current-context': 'a' }));
    vi.stubEnv('KUBECONFIG', file);
    await expect.poll(() => client.call()).toBe(pod.name);
  });

  it('is watched once for all channels, and no longer when the last one closes', async () => {
    const { api, pod, client } = await kubernetes();
    api.store.put(slice(pod));
    const others = [clientOf('k8s:///be1-srv.default:grpc'), clientOf('kubernetes:///default/be1-srv/grpc')];
    for (const each of [client, ...others]) await expect.poll(() => each.call()).toBe(pod.name);
    expect(api.watches).toBe(1);
    client.close();
    others[0]!.close();
    expect(await others[1]!.call()).toBe(pod.name);
    others[1]!.close();
    await expect.poll(() => api.watches).toBe(0);
  });
});
