import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { StartingSockets } from './starting-sockets.ts';

/** @returns whether it speaks what was wanted (ALPN); if not it is closed */
type OnSecure = (secure: tls.TLSSocket) => boolean;

/** @param serverName undefined: the client names nobody. @returns undefined: nobody is here by that name */
export type ContextOfName = (serverName: string | undefined) => tls.SecureContext | undefined;

/** RFC 6066 §3, RFC 8446 §6: a fatal `unrecognized_name`. It comes before there are keys, so it is the same for all. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** TLS on sockets that a server has accepted. How long a handshake may take is the business of `StartingSockets`. */
export class TlsHandshakes {
  private readonly server: tls.Server;
  private readonly starting: StartingSockets;
  /** By the two ends of the connection, which the encrypted socket knows too. */
  private readonly waiting = new Map<string, { socket: Socket; onSecure: OnSecure }>();

  /**
   * @param options ALPN is `h2` where they do not say
   * @param contextOf for clients that ask for a server name; `options` have what the others are shown
   */
  constructor(options: tls.TlsOptions, starting: StartingSockets, contextOf?: ContextOfName) {
    this.starting = starting;
    const byName = contextOf && { SNICallback: this.byName(contextOf) };
    // Listens nowhere. Its own time-out would not close anything, so it is out of the way.
    this.server = tls.createServer({ ALPNProtocols: ['h2'], ...options, ...byName, handshakeTimeout: 0 });
    this.server.on('secureConnection', (secure) => {
      const { socket, onSecure } = this.waiting.get(endsOf(secure)) ?? {};
      if (socket === undefined || onSecure === undefined) return void secure.destroy(); // the client is gone already
      secure.on('error', () => {}); // 'close' follows; whoever takes the connection over listens for itself
      // OpenSSL asks for no context where a session is resumed.
      if (contextOf !== undefined && contextOf(serverNameOf(secure)) === undefined)
        starting.fail(socket, nobodyByName);
      else if (onSecure(secure)) starting.done(socket);
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

  private byName(contextOf: ContextOfName): tls.TlsOptions['SNICallback'] {
    const { starting, waiting } = this;
    return function (this: tls.TLSSocket, serverName, onContext) {
      const context = contextOf(serverName);
      if (context !== undefined) return onContext(null, context);
      // Node would end the connection without a word, or go on with another name's certificate.
      const socket = waiting.get(endsOf(this))?.socket;
      socket?.write(unrecognizedName, () => starting.fail(socket, nobodyByName));
    };
  }

  /** For new handshakes. */
  setSecureContext(options: tls.SecureContextOptions): void {
    this.server.setSecureContext(options);
  }
}

const nobodyByName = 'the client asks for a name that nobody has here (SNI)';

/** The types of Node do not have it. */
const serverNameOf = (secure: tls.TLSSocket): string | undefined =>
  (secure as { servername?: string | false }).servername || undefined;

const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket) =>
  `${remoteAddress} ${remotePort} ${localAddress}`;
