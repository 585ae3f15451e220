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
  private readonly waiting = new WeakMap<Socket, OnSecure>();

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
      const socket = acceptedOf(secure);
      const onSecure = this.waiting.get(socket);
      if (onSecure === undefined || socket.destroyed) return void secure.destroy(); // the client is gone already
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
    this.starting.add(socket);
    this.waiting.set(socket, onSecure);
    this.server.emit('connection', socket);
  }

  private byName(contextOf: ContextOfName): tls.TlsOptions['SNICallback'] {
    const { starting } = this;
    return function (this: tls.TLSSocket, serverName, onContext) {
      const context = contextOf(serverName);
      if (context !== undefined) return onContext(null, context);
      // Node would end the connection without a word, or go on with another name's certificate.
      const socket = acceptedOf(this);
      socket.write(unrecognizedName, () => starting.fail(socket, nobodyByName));
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

/**
 * The socket that TLS was put on. Node has no public name for it, but has always kept it here; to find it by the addresses of
 * both ends took four system calls and a fiftieth of what a new connection costs.
 */
const acceptedOf = (secure: tls.TLSSocket): Socket => (secure as unknown as { _parent: Socket })._parent;
