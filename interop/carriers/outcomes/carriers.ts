import type { Client } from '@evenly/xds';
import { bootstrapEnv } from '../../testing/bootstrap.ts';
import type { Outcome } from '../asked-client.ts';
import { prepareClients, startClient, startProgram, type Program } from '../carriers.ts';
import type { Call } from '../routing.ts';

/** One way for a call to come to an end. */
export interface Carrier {
  name: string;
  /** Its column in docs/client-support.md; undefined: it does all as the docs say. */
  client: Client | undefined;
  make: (service: string, headers: Call['headers'], timeoutMs: number) => Promise<Outcome>;
}

const path = '/echo.EchoServer/SayHello';

/** All of them, with the same config. */
export async function startCarriers(
  configFile: string,
  use: <T extends AsyncDisposable>(started: T) => T,
): Promise<{ carriers: Carrier[]; programs: Program[] }> {
  const able = await prepareClients(['grpc-js', 'grpc-go']);
  const xdsServer = use(await startProgram('xds-server', ['--config', configFile], ['xds']));
  const byFile = use(await startProgram('l7-proxy', ['--config', configFile], ['proxy']));
  const plain = use(startClient('grpc-js'));
  const through = (name: string, client: Client | undefined, proxy: Program): Carrier => ({
    name,
    client,
    make: (service, headers, timeoutMs) =>
      plain.call(`127.0.0.1:${proxy.port('proxy')}`, service, { path, headers }, { timeoutMs }),
  });
  const byTarget = (name: 'grpc-js' | 'grpc-go'): Carrier => {
    const asked = use(startClient(name, bootstrapEnv(`outcomes-${name}`, xdsServer.port('xds'))));
    return {
      name,
      client: name,
      make: (service, headers, timeoutMs) =>
        asked.call(`xds:///${service}`, undefined, { path, headers }, { timeoutMs }),
    };
  };
  return {
    carriers: [through('l7-proxy by file', undefined, byFile), ...able.map(byTarget)],
    programs: [xdsServer, byFile],
  };
}
