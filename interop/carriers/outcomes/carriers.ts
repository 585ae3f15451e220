import type { Client } from '@evenly/xds';
import { bootstrapEnv } from '../../testing/bootstrap.ts';
import { AskedClient, type Outcome } from '../asked-client.ts';
import { proxyless, startProgram, type Program } from '../carriers.ts';
import type { Call } from '../mesh.ts';

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
  const xdsServer = use(await startProgram('xds-server', ['--config', configFile], ['xds']));
  const byFile = use(await startProgram('l7-proxy', ['--config', configFile], ['proxy']));
  const plain = use(new AskedClient(proxyless['grpc-js']));
  const through = (name: string, client: Client | undefined, proxy: Program): Carrier => ({
    name,
    client,
    make: (service, headers, timeoutMs) =>
      plain.call(`127.0.0.1:${proxy.port('proxy')}`, service, { path, headers }, { timeoutMs }),
  });
  const byTarget = (name: keyof typeof proxyless, client: Client): Carrier => {
    const asked = use(
      new AskedClient(proxyless[name], bootstrapEnv(`outcomes-${name}`, xdsServer.port('xds'))),
    );
    return {
      name,
      client,
      make: (service, headers, timeoutMs) =>
        asked.call(`xds:///${service}`, undefined, { path, headers }, { timeoutMs }),
    };
  };
  return {
    carriers: [
      through('l7-proxy by file', undefined, byFile),
      byTarget('grpc-js', 'grpc-js'),
      byTarget('grpc-go', 'grpc-go'),
    ],
    programs: [xdsServer, byFile],
  };
}
