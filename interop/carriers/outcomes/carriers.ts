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
import type { Call } from '../routing.ts';
import { startEnvoy } from '../start-carriers.ts';
import { endpointsUrl } from './config.ts';
import { serviceConfigOf, whyNotByServiceConfig } from './service-config.ts';
import type { Service } from './service.ts';

/** One way for a call to come to an end. */
export interface Carrier {
  name: string;
  /** Its column in docs/client-support.md; undefined: it does all as the docs say. */
  client: Client | undefined;
  /** The same for the choice of endpoints, outlier detection included. */
  balancing: Client | undefined;
  /** Why it cannot be asked for this. */
  whyNot: (service: Service) => string | undefined;
  /** A call of the service of this name. */
  make: (name: string, service: Service, headers: Call['headers'], more: More) => Promise<Outcome>;
}

const path = '/echo.EchoServer/SayHello';
const canAll = () => undefined;

/** All of them, with the same config. */
export async function startCarriers(
  config: ConfigFolder,
  use: <T extends AsyncDisposable>(started: T) => T,
): Promise<{ carriers: Carrier[]; programs: Program[] }> {
  const able = await prepareClients(proxylessNames);
  const xdsServer = use(await startProgram('xds-server', ['--config', config.file], ['xds']));
  const xdsPort = xdsServer.port('xds');
  const byFile = use(await startProgram('l7-proxy', ['--config', config.file], ['proxy']));
  const byXds = use(await startProgram('l7-proxy', ['--xds-server', `127.0.0.1:${xdsPort}`], ['proxy']));
  /** Two, in turns: a connection to a proxy has some thousand streams at most. */
  const plain = [use(startClient('grpc-js')), use(startClient('grpc-js'))] as const;
  let turn = 0;
  const through = (name: string, client: Client | undefined, port: number): Carrier => ({
    name,
    client,
    balancing: client,
    whyNot: canAll,
    make: (service, _, headers, more) =>
      plain[turn++ % 2]!.call(`127.0.0.1:${port}`, service, { path, headers }, more),
  });
  const byTarget = (name: ProxylessName): Carrier => {
    const asked = use(startClient(name, bootstrapEnv(`outcomes-${name}`, xdsPort)));
    return {
      name,
      client: columnOf[name],
      balancing: columnOf[name],
      whyNot: canAll,
      make: (service, _, headers, more) =>
        asked.call(`xds:///${service}`, undefined, { path, headers }, more),
    };
  };
  const discovery: Carrier = {
    name: 'discovery',
    client: 'grpc-js', // whose retries and time-outs it has
    balancing: undefined,
    whyNot: whyNotByServiceConfig,
    make: (name, service, headers, more) => {
      const serviceConfig = serviceConfigOf(service);
      return plain[0].call(
        endpointsUrl(config.file, name),
        undefined,
        { path, headers },
        { ...more, serviceConfig },
      );
    },
  };
  const carriers = [
    through('l7-proxy by file', undefined, byFile.port('proxy')),
    through('l7-proxy by xDS', 'proxy', byXds.port('proxy')),
    discovery,
    ...able.map(byTarget),
  ];
  const programs = [xdsServer, byFile, byXds];
  if (whyNot('envoy') === undefined) {
    await clients.envoy.prepare();
    const { port, server } = await startEnvoy('sotw', config, use);
    carriers.push(through('Envoy by ADS', 'envoy', port));
    programs.push(server);
  }
  return { carriers, programs };
}
