import type { Client } from '@evenly/xds';
import { bootstrapEnv } from '../../testing/bootstrap.ts';
import { clients, whyNot } from '../../testing/clients.ts';
import type { More, Outcome } from '../asked-client.ts';
import {
  columnOf,
  prepareClients,
  proxylessNames,
  startClient,
  startProgram,
  type Program,
  type ProxylessName,
} from '../carriers.ts';
import type { ConfigFolder } from '../config-folder.ts';
import { startEnvoy } from '../start-carriers.ts';
import type { ConfigFiles } from './config-files.ts';
import { whyNotBy } from './differences.ts';
import { localityOf } from './model.ts';
import { serviceConfigOf, whyNotByServiceConfig } from './service-config.ts';
import { viewer, type EndpointOf, type Policy, type Service } from './service.ts';

/** One way for a call to come to an endpoint of a service. */
export interface Carrier {
  name: string;
  /** Its column in docs/client-support.md; undefined: it does all as the docs say. */
  client: Client | undefined;
  /** It has the config before it is called; others ask for a service when they are called. */
  takesAll: boolean;
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
/** gRPC clients do round robin in a locality, which they draw by its weight; Java has least request as well. */
const byLocality =
  (client: Client): Carrier['turnOf'] =>
  (endpoint, { loadBalancing = 'round-robin' }) =>
    client === 'grpc-java' && ['least-request', 'peak-ewma'].includes(loadBalancing)
      ? endpoint.at
      : localityOf(endpoint);
/** Envoy chooses a zone before an endpoint, too. */
const byZone: Carrier['turnOf'] = (endpoint, policy) =>
  JSON.stringify([endpoint.region, endpoint.zone, byPolicy(endpoint, policy)]);

/** All of them, with the same config and in the same place. */
export async function startCarriers(
  config: ConfigFolder,
  files: ConfigFiles,
  use: <T extends AsyncDisposable>(started: T) => T,
): Promise<{ carriers: Carrier[]; programs: Program[] }> {
  const able = await prepareClients(proxylessNames);
  const { region, zone, node } = viewer;
  const place = ['--region', region, '--zone', zone, '--node', node];
  const xdsServer = use(await startProgram('xds-server', ['--config', config.file], ['xds']));
  const xdsPort = xdsServer.port('xds');
  const byFile = use(await startProgram('l7-proxy', ['--config', config.file, ...place], ['proxy']));
  const fromXds = ['--xds-server', `127.0.0.1:${xdsPort}`];
  const byXds = use(await startProgram('l7-proxy', [...fromXds, ...place], ['proxy']));
  const plain = use(startClient('grpc-js', { CALLER_REGION: region, CALLER_ZONE: zone, NODE_NAME: node }));
  const through = (name: string, port: number): Carrier => ({
    name,
    client: undefined,
    takesAll: true,
    turnOf: byPolicy,
    whyNot: canAll,
    make: (service, _, more) => plain.call(`127.0.0.1:${port}`, service, call, more),
  });
  const byTarget = (name: ProxylessName): Carrier => {
    const env = bootstrapEnv(`endpoints-${name}`, xdsPort, { region, zone }, node);
    const client = use(startClient(name, env));
    return {
      name,
      client: columnOf[name],
      takesAll: false,
      turnOf: byLocality(columnOf[name]),
      whyNot: whyNotBy(columnOf[name]),
      make: (service, _, more) => client.call(`xds:///${service}`, undefined, call, more),
    };
  };
  const discovery: Carrier = {
    name: 'discovery',
    client: undefined,
    takesAll: false,
    turnOf: byPolicy,
    whyNot: whyNotByServiceConfig,
    make: (name, { policy = {} }, more) => {
      const serviceConfig = serviceConfigOf(policy);
      return plain.call(files.urlOf(name), undefined, call, { ...more, serviceConfig });
    },
  };
  const carriers = [
    through('l7-proxy by file', byFile.port('proxy')),
    through('l7-proxy by xDS', byXds.port('proxy')),
    discovery,
    ...able.map(byTarget),
  ];
  const programs = [xdsServer, byFile, byXds];
  if (whyNot('envoy') === undefined) {
    await clients.envoy.prepare();
    const { port, server } = await startEnvoy('sotw', config, use, viewer);
    carriers.push({
      ...through('Envoy by ADS', port),
      client: 'envoy',
      turnOf: byZone,
      whyNot: whyNotBy('envoy'),
    });
    programs.push(server);
  }
  return { carriers, programs };
}
