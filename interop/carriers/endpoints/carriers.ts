import { bootstrapEnv } from '../../testing/bootstrap.ts';
import type { More, Outcome } from '../asked-client.ts';
import { prepareClients, startClient, startProgram, type Program, type ProxylessName } from '../carriers.ts';
import type { ConfigFiles } from './config-files.ts';
import { serviceConfigOf, whyNotByServiceConfig } from './service-config.ts';
import { viewer, type EndpointOf, type Policy, type Service } from './service.ts';

/** One way for a call to come to an endpoint of a service. */
export interface Carrier {
  name: string;
  /** Calls are dealt in turn to endpoints with the same text here, by their weights; and by chance to one turn or another. */
  turnOf: (endpoint: EndpointOf, policy: Policy) => string;
  /** Why it cannot be asked for this. */
  whyNot: (service: Service) => string | undefined;
  /** A call of the service of this name. */
  make: (name: string, service: Service, more?: More) => Promise<Outcome>;
}

const call = { path: '/echo.EchoServer/SayHello', headers: [] };
const canAll = () => undefined;

/** Round robin goes through all endpoints in one turn; others choose each time. */
const byPolicy: Carrier['turnOf'] = ({ at }, { loadBalancing = 'round-robin' }) =>
  loadBalancing.endsWith('round-robin') ? '' : at;
/** gRPC clients do round robin in a locality, which they draw by its weight; each weight of endpoints has its own. */
const byLocality: Carrier['turnOf'] = ({ region, zone, weight = 1 }: EndpointOf) =>
  JSON.stringify([region, zone, weight]);

/** All of them, with the same config and in the same place. The first two are proxies. */
export async function startCarriers(
  configFile: string,
  files: ConfigFiles,
  use: <T extends AsyncDisposable>(started: T) => T,
): Promise<{ carriers: Carrier[]; programs: Program[] }> {
  const able = await prepareClients(['grpc-js', 'grpc-go']);
  const { region, zone, node } = viewer;
  const place = ['--region', region, '--zone', zone, '--node', node];
  const xdsServer = use(await startProgram('xds-server', ['--config', configFile], ['xds']));
  const xdsPort = xdsServer.port('xds');
  const byFile = use(await startProgram('l7-proxy', ['--config', configFile, ...place], ['proxy']));
  const fromXds = ['--xds-server', `127.0.0.1:${xdsPort}`];
  const byXds = use(await startProgram('l7-proxy', [...fromXds, ...place], ['proxy']));
  const plain = use(startClient('grpc-js', { CALLER_REGION: region, CALLER_ZONE: zone, NODE_NAME: node }));
  const through = (name: string, proxy: Program): Carrier => ({
    name,
    turnOf: byPolicy,
    whyNot: canAll,
    make: (service, _, more) => plain.call(`127.0.0.1:${proxy.port('proxy')}`, service, call, more),
  });
  const byTarget = (name: ProxylessName): Carrier => {
    const env = bootstrapEnv(`endpoints-${name}`, xdsPort, { region, zone }, node);
    const client = use(startClient(name, env));
    return {
      name,
      turnOf: byLocality,
      whyNot: canAll,
      make: (service, _, more) => client.call(`xds:///${service}`, undefined, call, more),
    };
  };
  const discovery: Carrier = {
    name: 'discovery',
    turnOf: byPolicy,
    whyNot: whyNotByServiceConfig,
    make: (name, { policy = {} }, more) => {
      const serviceConfig = serviceConfigOf(policy);
      return plain.call(files.urlOf(name), undefined, call, { ...more, serviceConfig });
    },
  };
  return {
    carriers: [
      through('l7-proxy by file', byFile),
      through('l7-proxy by xDS', byXds),
      discovery,
      ...able.map(byTarget),
    ],
    programs: [xdsServer, byFile, byXds],
  };
}
