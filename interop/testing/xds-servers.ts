import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { authority, ManagedProcess, secretFolder } from '@evenly/local-cluster';
import { clients, interopDirectory } from './clients.ts';

const run = promisify(execFile);
const xdsServer = fileURLToPath(new URL('../../apps/xds-server/dist/main.js', import.meta.url));

/** gRPC servers that ask by xDS how to serve: where each listens as most do, and the command with a port and a name. */
export const xdsServers = {
  'grpc-go': { command: (port, name) => [...clients['grpc-go'].command, 'serve', `[::]:${port}`, name] },
  'grpc-java': {
    command: (port, name) => [...clients['grpc-java'].command.slice(0, -1), 'evenly.Server', `${port}`, name],
  },
  'grpc-python': {
    command: (port, name) => [
      clients['grpc-python'].command[0],
      'grpc-python/server.py',
      `0.0.0.0:${port}`,
      name,
    ],
  },
} as const satisfies Record<string, { command: (port: number, name: string) => string[] }>;

export type XdsServerName = keyof typeof xdsServers;

export const startXdsServer = (kind: XdsServerName, port: number, env: Record<string, string>) => {
  const { command } = xdsServers[kind];
  return new ManagedProcess({
    name: kind,
    command: command(port, kind),
    cwd: interopDirectory,
    env: { ...process.env, ...env },
  });
};

/** The certificate that a server shows to a new connection, in PEM. */
export const shownCertificate = (port: number, own: Record<string, string>) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(
      { port, cert: own['tls.crt'], key: own['tls.key'], ALPNProtocols: ['h2'], rejectUnauthorized: false },
      () => {
        const { raw } = socket.getPeerCertificate();
        socket.destroy();
        resolve(new X509Certificate(raw).toString());
      },
    );
    socket.on('error', reject);
  });

/** Authorities, and folders of certificates for those who take part, with bootstraps that name them. */
export async function certificates() {
  const [first, second] = await Promise.all([authority('first'), authority('second')]);
  const folders: Awaited<ReturnType<typeof secretFolder>>[] = [];
  const files = async (id: string, by = first, trusts = [first]) => {
    const { cert, key } = await by.issue(id, { uris: [id] });
    return { 'tls.crt': cert, 'tls.key': key, 'ca.crt': trusts.map((each) => each.cert).join('\n') };
  };
  return {
    first,
    second,
    files,
    /** @param app the cluster of its node: of a server, the service that it serves */
    party: async (app: string, xdsPort: number, its: Record<string, string>) => {
      const folder = await secretFolder(its);
      folders.push(folder);
      const options = [
        ['--server', `127.0.0.1:${xdsPort}`],
        ['--app', app],
        ['--certificates', folder.path('.')],
        ['--certificates-refresh', '1s'],
      ];
      const { stdout } = await run(process.execPath, [xdsServer, 'bootstrap', ...options.flat()]);
      return { folder, env: { GRPC_XDS_BOOTSTRAP_CONFIG: stdout } };
    },
    remove: () => Promise.all(folders.map((folder) => folder.remove())),
  };
}
