import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { authority, ManagedProcess } from '@evenly/local-cluster';
import { interopDirectory } from './clients.ts';
import { freePort } from './free-port.ts';

const proxyProgram = fileURLToPath(new URL('../../apps/l7-proxy/dist/main.js', import.meta.url));
const serverProgram = join(interopDirectory, 'bin/server');
const serverName = 'interop.example.org';
const startTimeoutMs = 20_000;

/** grpc-go's interop server, and l7-proxy in front of it. */
export class InteropThroughProxy {
  /** Of the proxy. */
  readonly port: number;
  /** How to trust the proxy; undefined without TLS. */
  readonly tls: { ca: string; name: string } | undefined;
  readonly #directory: string;
  readonly #processes: readonly ManagedProcess[];

  static async start(withTls: boolean): Promise<InteropThroughProxy> {
    const directory = await mkdtemp(join(tmpdir(), 'evenly-interop-'));
    const file = (name: string) => join(directory, name);
    const ca = await authority('interop authority');
    const { cert, key } = await ca.issue('interop', { dnsNames: [serverName] });
    const files = { 'ca.crt': ca.cert, 'tls.crt': cert, 'tls.key': key };
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);

    const serverPort = await freePort();
    const serverTls = ['-use_tls', `-tls_cert_file=${file('tls.crt')}`, `-tls_key_file=${file('tls.key')}`];
    const command = [serverProgram, `-port=${serverPort}`, ...(withTls ? serverTls : [])];
    const server = new ManagedProcess({ name: 'interop-server', command });
    await accepting(serverPort);

    const upstream = withTls ? `\n    tls: { ca: ca.crt, serverName: ${serverName} }` : '';
    const source = `{ static: { endpoints: ['127.0.0.1:${serverPort}'] } }`;
    await writeFile(
      file('mesh.yaml'),
      `services:\n  interop:\n    source: ${source}${upstream}\nroutes: [{ to: [{ service: interop }] }]\n`,
    );
    const own = withTls ? ['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key')] : [];
    const options = [
      '--config',
      file('mesh.yaml'),
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--exit-with-parent',
    ];
    const proxy = new ManagedProcess({
      name: 'l7-proxy',
      command: [process.execPath, proxyProgram, ...options, ...own],
    });
    await proxy.listening(['proxy'], startTimeoutMs);
    const tls = withTls ? { ca: file('ca.crt'), name: serverName } : undefined;
    return new InteropThroughProxy(proxy.addresses.get('proxy')!.port, tls, directory, [proxy, server]);
  }

  private constructor(
    port: number,
    tls: InteropThroughProxy['tls'],
    directory: string,
    processes: readonly ManagedProcess[],
  ) {
    this.port = port;
    this.tls = tls;
    this.#directory = directory;
    this.#processes = processes;
  }

  async stop(): Promise<void> {
    for (const one of this.#processes) await one.stop(5000);
    await rm(this.#directory, { recursive: true });
  }
}

/** The server says nothing that a program could wait for. */
async function accepting(port: number): Promise<void> {
  for (let attempts = 0; ; attempts++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (attempts === 200) throw error;
      await delay(100);
    } finally {
      socket.destroy();
    }
  }
}
