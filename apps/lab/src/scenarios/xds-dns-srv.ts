import { formatDuration, hostPort } from '@evenly/service';
import type { Guide, ScenarioContext } from './scenario.ts';

const services = ['be1-srv', 'be2-srv'];
const zone = { region: 'us-central1', zone: 'us-central1-a' };
const healthTimeoutMs = 1000;
const drain = ['--drain-timeout', '5s', '--exit-with-parent'];

/**
 * Proxyless gRPC: the xDS server finds the pods by DNS SRV, keeps those whose health check says SERVING, and tells the
 * frontend by xDS; the frontend's gRPC library balances the calls itself.
 */
export async function xdsDnsSrv(context: ScenarioContext): Promise<Guide> {
  const { lab, programs, progress, host, env, ports, refreshMs } = context;
  const admin = ['--admin-host', host, '--admin-port', '0'];

  for (const service of services) {
    lab.cluster.add(service, {
      replicas: 2,
      command: ({ name }) => [
        ...programs('echo-backend'),
        ...['--name', name, '--host', host, '--port', '0', ...admin, ...drain],
      ],
      env,
      // A pod that is to go serves on until the xDS server has surely seen that DNS has it no more, and told the clients.
      preStopDelayMs: refreshMs + healthTimeoutMs + 500,
    });
  }
  await progress.step('DNS server', () => lab.cluster.dns.start());
  await progress.step(`${services.join(' and ')}, 2 pods each`, () =>
    Promise.all(lab.cluster.services.map((service) => service.start())),
  );

  const dns = lab.cluster.dns.status;
  const config = await lab.writeFile('svc_config.json', serviceConfig());
  const xds = await progress.step('xDS server', () =>
    lab.startApp({
      name: 'xds-server',
      what: 'xds',
      port: ports.xds,
      command: (port) => [
        ...programs('xds-server'),
        ...['--config', config, '--host', host, '--port', String(port)],
        ...['--dns-servers', hostPort(dns.address, dns.port), '--refresh', formatDuration(refreshMs)],
        ...['--health-timeout', formatDuration(healthTimeoutMs), ...admin, ...drain],
      ],
      env,
    }),
  );

  const bootstrap = await lab.writeFile('xds_bootstrap.json', xdsBootstrap(hostPort(xds.address, xds.port)));
  const frontend = await progress.step('frontend', () =>
    lab.startApp({
      name: 'frontend',
      what: 'http',
      port: ports.frontend,
      command: (port) => [
        ...programs('frontend'),
        ...['--host', host, '--port', String(port), '--target', 'xds:///{service}', ...admin, ...drain],
      ],
      env: { ...env, GRPC_XDS_BOOTSTRAP: bootstrap },
    }),
  );

  const url = `http://${hostPort(frontend.address, frontend.port)}`;
  const refresh = formatDuration(refreshMs);
  return {
    running: [
      { what: 'frontend', where: url },
      { what: 'xDS server', where: hostPort(xds.address, xds.port) },
      { what: 'DNS server', where: `${hostPort(dns.address, dns.port)} (UDP and TCP)` },
      ...services.map((service) => ({ what: service, where: podsOf(context, service) })),
    ],
    tries: [
      { command: `curl ${url}/be1-srv`, why: '15 calls, spread over both pods' },
      { command: `curl ${url}/be2-srv`, why: 'the other service' },
      { command: 'npm run lab -- scale be1-srv 10', why: `then curl again: all ten within ${refresh}` },
      { command: 'npm run lab -- restart be1-srv', why: 'a rolling restart; no call fails' },
      {
        command: 'npm run lab -- unhealthy be1-srv-1',
        why: `gets no calls after ${refresh}; "healthy" brings it back`,
      },
      { command: 'npm run lab -- status', why: 'what runs now' },
    ],
  };
}

/** svc_config.json, in the reference system's own form. */
function serviceConfig(): unknown {
  return {
    services: services.map((serviceName) => ({
      serviceName,
      namespace: 'default',
      portName: 'grpc',
      protocol: 'tcp',
      grpcServiceName: 'echo.EchoServer',
      ...zone,
    })),
  };
}

function xdsBootstrap(server: string): unknown {
  return {
    xds_servers: [{ server_uri: server, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: { id: 'lab-frontend', cluster: 'lab', metadata: {}, locality: zone },
  };
}

function podsOf({ lab }: ScenarioContext, service: string): string {
  const { pods } = lab.cluster.service(service).status;
  return pods.map(({ name, address, port }) => `${name} ${hostPort(address, port ?? 0)}`).join(', ');
}
