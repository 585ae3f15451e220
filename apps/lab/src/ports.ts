import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { LabError } from './errors.ts';

export interface WantedPort {
  host: string;
  port: number;
  /** The option of `start` that changes it. */
  option: string;
  /** What it is for. */
  what: string;
  /** Wanted for UDP as well as for TCP. */
  udp?: boolean;
}

/**
 * Looks whether ports are free, before anything is started: a program that fails later could only name its own option.
 * @throws LabError PORT_IN_USE with all that are not free
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  const taken: string[] = [];
  for (const each of wanted) {
    if (each.port === 0 || (await isFree(each))) continue;
    taken.push(
      `port ${each.port} (${each.what}) is in use; choose another with ${each.option}, 0 for any free one`,
    );
  }
  if (taken.length > 0) throw new LabError('PORT_IN_USE', taken.join('\n'));
}

/** A port that nobody listens on now. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isFree({ host, port, udp }: WantedPort): Promise<boolean> {
  try {
    const server = createServer().listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    if (!udp) return true;
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    socket.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
