import { createServer, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Certificates } from '@evenly/tls';
import { httpVersion, readFirstBytes } from './first-bytes.ts';
import { parseProxyHeader } from './proxy-protocol.ts';

/** From the connection to the end of the PROXY header, of the handshake, and of what tells the version: each. */
const startTimeoutMs = 10_000;

/** Who is at the other end of a connection. */
export interface Peer {
  /** An IP address; of the PROXY header where there is one. */
  address: string;
  encrypted: boolean;
}

export interface AcceptorOptions {
  /** Undefined: plaintext. */
  tls: { certificates: Certificates; needsClientCertificate: boolean } | undefined;
  proxyProtocol: boolean;
  /** HTTP/1.1 is taken too, for gRPC-Web. */
  http1: boolean;
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
  const { onHttp2, onHttp1, onFailed } = options;
  const detect = (socket: Socket, peer: Peer) => {
    const start = (version: 'h2' | 'http/1.1') => (version === 'h2' ? onHttp2 : onHttp1)(socket, peer);
    if (!options.http1) return onHttp2(socket, peer);
    readFirstBytes(socket, {
      decide: httpVersion,
      timeoutMs: startTimeoutMs,
      onDecided: start,
      onRefused: onFailed,
    });
  };
  const secure = options.tls === undefined ? undefined : new TlsAcceptor(options, options.tls);
  const encrypt = (socket: Socket, address: string) => {
    if (secure === undefined) detect(socket, { address, encrypted: false });
    else secure.accept(socket, address);
  };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {}); // 'close' follows; whoever takes the connection over listens for itself
    const address = socket.remoteAddress ?? '';
    if (!options.proxyProtocol) return encrypt(socket, address);
    readFirstBytes(socket, {
      decide: (bytes) => {
        const header = parseProxyHeader(bytes);
        return header && { length: header.length, value: header.address };
      },
      timeoutMs: startTimeoutMs,
      onDecided: (behind) => encrypt(socket, behind ?? address),
      onRefused: onFailed,
    });
  });
  return { server, setCertificates: (certificates) => secure?.setCertificates(certificates) };
}

/** TLS handshakes on connections that may have begun with a PROXY header; ALPN says which HTTP follows. */
class TlsAcceptor {
  readonly #server: tls.Server;
  /** By the raw connection's remote address and port: what the PROXY header said. */
  readonly #behind = new Map<string, string>();

  constructor(
    { http1, onHttp2, onHttp1, onFailed }: AcceptorOptions,
    { certificates, needsClientCertificate }: { certificates: Certificates; needsClientCertificate: boolean },
  ) {
    this.#server = tls.createServer({
      ...contextOf(certificates),
      minVersion: 'TLSv1.2', // RFC 9113 §9.2
      requestCert: needsClientCertificate,
      rejectUnauthorized: needsClientCertificate,
      ALPNProtocols: http1 ? ['h2', 'http/1.1'] : ['h2'],
      handshakeTimeout: startTimeoutMs,
    });
    this.#server.on('secureConnection', (socket) => {
      socket.on('error', () => {});
      const peer = { address: this.#behind.get(keyOf(socket)) ?? '', encrypted: true };
      if (socket.alpnProtocol === 'h2') return onHttp2(socket, peer);
      if (http1) return onHttp1(socket, peer);
      socket.destroy();
      onFailed('the client does not speak h2 (ALPN)');
    });
    this.#server.on('tlsClientError', (error) => onFailed(error.message));
  }

  accept(socket: Socket, address: string): void {
    const key = keyOf(socket);
    this.#behind.set(key, address);
    socket.once('close', () => this.#behind.delete(key));
    this.#server.emit('connection', socket);
  }

  setCertificates(certificates: Certificates): void {
    this.#server.setSecureContext(contextOf(certificates));
  }
}

function contextOf({ cert, key, ca }: Certificates) {
  return { cert, key, ...(ca === undefined ? {} : { ca }) };
}

const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
