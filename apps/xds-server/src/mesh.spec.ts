import { afterEach, describe, expect, it } from 'vitest';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import { xdsServerProcess } from './testing/harness.ts';

let running: Awaited<ReturnType<typeof xdsServerProcess>> | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function start(config: string, ...args: string[]) {
  running = await xdsServerProcess(config, args);
  await running.started();
  return running;
}

const canary = (v1: number, v2: number, more = '') => `services:
  be1-srv:
    source: { static: { endpoints: ["10.0.0.1:1", "10.0.0.2:1"] } }
    subsets:
      v2: { source: { static: { endpoints: ["10.0.0.3:3"] } } }
${more}routes:
  - match: { authority: be1-srv, headers: [{ name: x-canary, exact: always }] }
    to: [{ service: be1-srv, subset: v2 }]
  - match: { authority: be1-srv }
    to: [{ service: be1-srv, weight: ${v1} }, { service: be1-srv, subset: v2, weight: ${v2} }]
`;

/** What a client was last told of the routes: `cluster` or `cluster=weight …` for each. */
function routesOf(resources: readonly Uint8Array[] | undefined): string[] | undefined {
  const config = resources?.[0] && RouteConfiguration.decode(resources[0]);
  return config?.virtualHosts[0]?.routes.map(({ action }) => {
    const to = action?.$case === 'route' ? action.value.clusterSpecifier : undefined;
    if (to?.$case === 'cluster') return to.value;
    if (to?.$case !== 'weightedClusters') return '';
    return to.value.clusters.map(({ name, weight }) => `${name}=${weight}`).join(' ');
  });
}

describe('xds-server with a mesh config', () => {
  it('serves weights and header routes in the order of the file, and follows edits', async () => {
    const server = await start(canary(95, 5));
    const client = server.client();
    client.subscribe('route', 'be1-srv-route');
    const routes = () => routesOf(client.bodies('route'));
    await expect.poll(routes).toEqual(['be1-srv/v2-cluster', 'be1-srv-cluster=95 be1-srv/v2-cluster=5']);
    await server.rewriteConfig(canary(50, 50));
    await expect.poll(routes).toEqual(['be1-srv/v2-cluster', 'be1-srv-cluster=50 be1-srv/v2-cluster=50']);
    client.close();
  });

  it('serves the endpoints of services and subsets, and really removes what is gone', async () => {
    const more = '  be2-srv: { source: { static: { endpoints: ["10.0.0.9:9"] } } }\n';
    const server = await start(canary(1, 1, more));
    const client = server.client();
    client.subscribe('cluster', '*');
    client.subscribe('endpoints', 'be1-srv-cluster', 'be1-srv/v2-cluster', 'be2-srv-cluster');
    await expect.poll(() => client.resources('cluster')).toBe(3);
    await expect.poll(() => client.ports('be1-srv/v2-cluster')).toEqual([3]);
    await expect.poll(() => client.ports('be2-srv-cluster')).toEqual([9]);
    await server.rewriteConfig(canary(1, 1));
    await expect.poll(() => client.resources('cluster')).toBe(2);
    await expect
      .poll(() => server.status())
      .toMatchObject({ services: [{ name: 'be1-srv' }, { name: 'be1-srv/v2' }] });
    client.close();
  });

  it.each([
    ['a route to nobody', 'services: {}\nroutes: [{ to: [{ service: nobody }] }]', 'nobody'],
    ['weights of 0', canary(0, 0), 'weight'],
    ['a duplicate key', 'services: {}\nservices: {}', 'services'],
    ['something else', '- a list', 'is none of the configs'],
  ])('does not start with %s: exit 64, with file, line and reason', async (_what, text, reason) => {
    running = await xdsServerProcess(text);
    expect(await running.server.exited).toMatchObject({ code: 64 });
    expect(running.server.log.text).toMatch(/svc_config\.json:\d+: /);
    expect(running.server.log.text).toContain(reason);
  });

  it('says in the status what a kind of client cannot take', async () => {
    const config = canary(1, 1).replace(
      '    subsets:',
      '    policy: { loadBalancing: least-request }\n    subsets:',
    );
    const server = await start(config);
    await expect
      .poll(() => server.status())
      .toMatchObject({
        unsupported: [
          {
            service: 'be1-srv',
            field: 'policy.loadBalancing: least-request',
            clients: ['grpc-js', 'grpc-core'],
          },
          { service: 'be1-srv', field: 'policy.loadBalancing: least-request', clients: ['grpc-go'] },
        ],
      });
  });
});
