import net from 'node:net';
import tls from 'node:tls';
import type { Connection } from '../connection/connection.ts';
import { type BindOptions, bindSocket, SocketBinding } from './binding.ts';

export type ConnectOptions<TUser = unknown> = Omit<BindOptions<TUser>, 'role'> & {
  readonly host: string;
  readonly port: number;
  /** TLS with these options (certificates, `servername`, …); ALPN is `h2`. Without: HTTP/2 with prior knowledge. */
  readonly tls?: tls.ConnectionOptions;
};

/**
 * Connects and returns at once: streams may be opened right away, their frames leave when the socket is ready.
 * Failure to connect arrives as `onClose` (and `onReset` with `unprocessed` of streams opened before).
 */
export function connectHttp2<TUser>(options: ConnectOptions<TUser>): Connection<TUser> {
  const { host, port, tls: tlsOptions, ...bind } = options;
  if (tlsOptions === undefined) return connectPlain(host, port, { ...bind, role: 'client' });
  const socket = tls.connect({ ...tlsOptions, host, port, ALPNProtocols: ['h2'] });
  socket.on('secureConnect', () => {
    if (socket.alpnProtocol !== 'h2') socket.destroy(new Error('the server does not speak h2 (ALPN)'));
  });
  return bindSocket(socket, { ...bind, role: 'client' });
}

/** Reads into the loop's one buffer, instead of a new one for every read: half the read's cost. */
function connectPlain<TUser>(host: string, port: number, options: BindOptions<TUser>): Connection<TUser> {
  const buffer = options.loop.readBuffer;
  const callback = (count: number): boolean => {
    binding.receive(buffer.subarray(0, count));
    return true;
  };
  const socket = net.connect({ host, port, onread: { buffer, callback } });
  const binding = new SocketBinding(socket, options);
  return binding.connection;
}
