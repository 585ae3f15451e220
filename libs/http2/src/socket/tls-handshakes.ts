import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { StartingSockets } from './starting-sockets.ts';

/** @returns whether it speaks what was wanted (ALPN); if not it is closed */
type OnSecure = (secure: tls.TLSSocket) => boolean;

/** TLS on sockets that a server has accepted. How long a handshake may take is the business of `StartingSockets`. */
export class TlsHandshakes {
  private readonly server: tls.Server;
  private readonly starting: StartingSockets;
  /** By the two ends of the connection, which the encrypted socket knows too. */
  private readonly waiting = new Map<string, { socket: Socket; onSecure: OnSecure }>();

  /** @param options ALPN is `h2` where they do not say */
  constructor(options: tls.TlsOptions, starting: StartingSockets) {
    this.starting = starting;
    // Listens nowhere. Its own time-out would not close anything, so it is out of the way.
    this.server = tls.createServer({ ALPNProtocols: ['h2'], ...options, handshakeTimeout: 0 });
    this.server.on('secureConnection', (secure) => {
      const { socket, onSecure } = this.waiting.get(endsOf(secure)) ?? {};
      if (socket === undefined || onSecure === undefined) return void secure.destroy(); // the client is gone already
      secure.on('error', () => {}); // 'close' follows; whoever takes the connection over listens for itself
      if (onSecure(secure)) starting.done(socket);
      else starting.fail(socket, 'the client speaks nothing that is spoken here (ALPN)');
    });
    this.server.on('tlsClientError', (_error, secure) => secure.destroy());
  }

  /** Begins a handshake. What ends it otherwise than `onSecure` ends the socket, and `StartingSockets` tells. */
  start(socket: Socket, onSecure: OnSecure): void {
    const ends = endsOf(socket);
    this.starting.add(socket);
    this.waiting.set(ends, { socket, onSecure });
    socket.once('close', () => this.waiting.delete(ends));
    this.server.emit('connection', socket);
  }

  /** For new handshakes. */
  setSecureContext(options: tls.SecureContextOptions): void {
    this.server.setSecureContext(options);
  }
}

const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket) =>
  `${remoteAddress} ${remotePort} ${localAddress}`;
