import { clients, whyNot } from '../testing/clients.ts';
import { Envoy } from '../testing/envoy.ts';
import { envoyBootstrap, type Place, type XdsVariant } from '../testing/envoy-bootstrap.ts';
import { freePort } from '../testing/free-port.ts';
import {
  prepareClients,
  proxylessClient,
  proxylessNames,
  startClient,
  startProgram,
  throughProxy,
  type Carrier,
  type Program,
} from './carriers.ts';
import type { ConfigFolder } from './config-folder.ts';

const envoys = {
  'Envoy by ADS': 'sotw',
  'Envoy by delta ADS': 'delta',
  'Envoy by separate streams': 'separate',
} as const satisfies Record<string, XdsVariant>;

type Use = <T extends AsyncDisposable>(started: T) => T;

/** All that this machine has the tools for, with the same config. */
export async function startCarriers(
  config: ConfigFolder,
  use: Use,
): Promise<{ carriers: Carrier[]; programs: Program[] }> {
  const able = await prepareClients(proxylessNames);
  const xdsServer = use(await startProgram('xds-server', ['--config', config.file], ['xds']));
  const xdsPort = xdsServer.port('xds');
  const byFile = use(await startProgram('l7-proxy', ['--config', config.file], ['proxy']));
  const byXds = use(await startProgram('l7-proxy', ['--xds-server', `127.0.0.1:${xdsPort}`], ['proxy']));
  const plain = use(startClient('grpc-js'));
  const carriers = [
    throughProxy('l7-proxy by file', plain, byFile.port('proxy')),
    throughProxy('l7-proxy by xDS', plain, byXds.port('proxy')),
    ...able.map((name) => use(proxylessClient(name, xdsPort))),
  ];
  const programs = [xdsServer, byFile, byXds];
  if (whyNot('envoy') === undefined) {
    await clients.envoy.prepare();
    for (const [name, variant] of Object.entries(envoys)) {
      const { port, server } = await startEnvoy(variant, config, use);
      carriers.push(throughProxy(name, plain, port, 'any'));
      programs.push(server);
    }
  }
  return { carriers, programs };
}

/**
 * Each has an xds-server of its own, for a listener has one port, whoever gets it.
 * @param place where the Envoy is, if that matters
 */
export async function startEnvoy(variant: XdsVariant, config: ConfigFolder, use: Use, place?: Place) {
  const port = await freePort();
  const listener = { name: 'edge', address: '127.0.0.1', port };
  const own = await config.add(`${variant}.json`, JSON.stringify({ services: {}, listeners: [listener] }));
  const server = use(await startProgram('xds-server', ['--config', `${config.file},${own}`], ['xds']));
  const envoy = await Envoy.start(envoyBootstrap(variant, server.port('xds'), place), port);
  use({ [Symbol.asyncDispose]: () => envoy.stop() });
  return { port, server };
}
