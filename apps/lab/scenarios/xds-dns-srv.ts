import { xdsClientsChoose, type Scenario } from '../src/scenario.ts';
import { clientZone, region } from '../src/stage/files.ts';

/** `npm start`: two services, a frontend that calls both. */
export const xdsDnsSrv: Scenario = {
  name: 'xds-dns-srv',
  about:
    'Proxyless gRPC: the xDS server finds pods by DNS SRV, asks for their health, and tells the clients by xDS.',
  use: 'For many clients in several languages: no proxy on the way, no access to the API; pods that are sick get no calls.',
  differs: 'DNS knows a change at once; in a cluster, CoreDNS caches for some seconds.',
  withoutPeakEwma: xdsClientsChoose,
  async start(stage) {
    const services = ['be1-srv', 'be2-srv'];
    for (const service of services) await stage.pods(service, { replicas: 2 });
    const config = await stage.file('svc_config.json', {
      services: services.map((serviceName) => ({
        serviceName,
        namespace: 'default',
        portName: 'grpc',
        protocol: 'tcp',
        grpcServiceName: 'echo.EchoServer',
        region,
        zone: clientZone,
      })),
    });
    await stage.xdsServer(config);
    await stage.callers({ target: 'xds:///be1-srv' });
  },
};
