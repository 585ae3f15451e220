import { createServer, type Server, type Socket } from 'node:net';
import { StartingSockets, TlsHandshakes, type ClientSlots, type ContextOfName } from '@evenly/http2';
import type { Certificates } from '@evenly/tls';
import { httpVersion, readFirstBytes } from './first-bytes.ts';
import { parseProxyHeader } from './proxy-protocol.ts';

/** Who is at the other end of a connection. */
export interface Peer {
  /** An IP address; of the PROXY header where there is one. */
  address: string;
  encrypted: boolean;
}

export interface AcceptorSecurity {
  /** Of `contextOfName`, where there is one, what those are shown who ask for no name; without `cert` they are refused. */
  certificates: Certificates;
  contextOfName?: ContextOfName;
  needsClientCertificate: boolean;
  /** Of session tickets, while these certificates are used. */
  ticketKeys: (certificates: Certificates) => Buffer;
}

export interface AcceptorOptions {
  /** Undefined: plaintext. */
  tls: AcceptorSecurity | undefined;
  proxyProtocol: boolean;
  /** HTTP/1.1 is taken too. */
  http1: boolean;
  slots: ClientSlots;
  /** Connections that do not speak HTTP yet. */
  maxStarting: number;
  startTimeoutMs: number;
  onHttp2: (socket: Socket, peer: Peer) => void;
  onHttp1: (socket: Socket, peer: Peer) => void;
  /** A connection ended before it came to speak HTTP. */
  onFailed: (reason: string) => void;
}

export interface Acceptor {
  /** Not listening yet. */
  server: Server;
  /** For new connections; those open keep theirs. */
  setCertificates(certificates: Certificates): void;
}

/** A port whose connections begin with a PROXY header, TLS, or something that tells HTTP/2 from HTTP/1.1. */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { slots, onHttp2, onHttp1, onFailed, maxStarting, startTimeoutMs: timeoutMs } = options;
  const starting = new StartingSockets({ timeoutMs, maxStarting, onFailed });
  const { tls } = options;
  const handshakes = tls && new TlsHandshakes(tlsOptions(tls, options.http1), starting, tls.contextOfName);

  const detect = (socket: Socket, peer: Peer) => {
    const start = (version: 'h2' | 'http/1.1') => {
      starting.done(socket);
      (version === 'h2' ? onHttp2 : onHttp1)(socket, peer);
    };
    if (!options.http1) return start('h2');
    starting.add(socket);
    readFirstBytes(socket, {
      decide: httpVersion,
      onDecided: start,
      onRefused: (reason) => starting.fail(socket, reason),
    });
  };
  const encrypt = (socket: Socket, address: string) => {
    if (handshakes === undefined) return detect(socket, { address, encrypted: false });
    handshakes.start(socket, (secure) => {
      const isHttp2 = secure.alpnProtocol === 'h2';
      if (!isHttp2 && !options.http1) return false;
      (isHttp2 ? onHttp2 : onHttp1)(secure, { address, encrypted: true });
      return true;
    });
  };
  const readProxyHeader = (socket: Socket) => {
    starting.add(socket);
    readFirstBytes(socket, {
      decide: (bytes) => {
        const header = parseProxyHeader(bytes);
        return header && { length: header.length, value: header.address };
      },
      // The load balancer itself (its health checks, say) is no client that could have too many.
      onDecided: (behind) => {
        if (slots.takeOf(behind, socket)) encrypt(socket, behind ?? socket.remoteAddress ?? '');
        else starting.done(socket);
      },
      onRefused: (reason) => starting.fail(socket, reason),
    });
  };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {}); // 'close' follows; whoever takes the connection over listens for itself
    if (!slots.take(socket)) return;
    if (options.proxyProtocol) return readProxyHeader(socket);
    if (slots.takeOf(socket.remoteAddress, socket)) encrypt(socket, socket.remoteAddress ?? '');
  });
  const setCertificates = (certificates: Certificates) => {
    if (tls !== undefined) handshakes?.setSecureContext(contextOf(certificates, tls));
  };
  return { server, setCertificates };
}

function tlsOptions(security: AcceptorSecurity, http1: boolean) {
  return {
    ...contextOf(security.certificates, security),
    minVersion: 'TLSv1.2', // RFC 9113 §9.2
    requestCert: security.needsClientCertificate,
    rejectUnauthorized: security.needsClientCertificate,
    ALPNProtocols: http1 ? ['h2', 'http/1.1'] : ['h2'],
  } as const;
}

function contextOf(certificates: Certificates, { ticketKeys }: AcceptorSecurity) {
  const { cert, key, ca } = certificates;
  return { cert, key, ticketKeys: ticketKeys(certificates), ...(ca === undefined ? {} : { ca }) };
}
