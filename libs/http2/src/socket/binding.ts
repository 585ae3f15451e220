import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import type { Transport } from '../connection/events.ts';
import { ErrorCode } from '../errors.ts';
import { http1Refusal } from './http1-refusal.ts';
import type { LoopMember, SocketLoop } from './loop.ts';

/** How long a finished connection may take to get its last bytes out before the socket is destroyed. */
const CLOSE_GRACE_MS = 30_000;
/** The same after an error: an attacker that does not read its GOAWAY does not keep the socket. */
const FAILED_GRACE_MS = 500;

export type BindOptions<TUser = unknown> = Omit<ConnectionOptions<TUser>, 'transport' | 'nowMs'> & {
  readonly loop: SocketLoop;
};

/**
 * Runs a connection on a connected (or connecting) net or TLS socket; for TLS, ALPN is the caller's business.
 * From here on the socket belongs to the connection, and is closed with it.
 */
export function bindSocket<TUser>(socket: Socket, options: BindOptions<TUser>): Connection<TUser> {
  const binding = new SocketBinding(socket, options);
  socket.on('data', (chunk: Buffer) => binding.receive(chunk));
  return binding.connection;
}

/** The wires between one socket and one connection. */
export class SocketBinding<TUser> implements LoopMember, Transport {
  readonly connection: Connection<TUser>;
  dueMs = 0;
  private readonly socket: Socket;
  private readonly loop: SocketLoop;
  private failure = 'transport closed';
  /** Bytes are given to the socket only when it is connected: until then, streams provably were not sent. */
  private ready: boolean;
  /**
   * A server without TLS says nothing before its client does, for nobody knows yet whether that speaks HTTP/2. It costs no time: a client
   * sends its preface at once (RFC 9113 §3.4), and without that nothing of what a server says is of use.
   */
  private awaitsClient: boolean;
  /** Output was announced meanwhile. */
  private owesOutput = false;

  constructor(socket: Socket, options: BindOptions<TUser>) {
    this.socket = socket;
    this.loop = options.loop;
    this.connection = new Connection({ ...options, transport: this, nowMs: this.loop.now() });
    // Small answers must not wait for an acknowledgement: what belongs together leaves in one write anyway.
    socket.setNoDelay(true);
    const secure = socket instanceof TLSSocket;
    this.ready = !socket.connecting && !(secure && socket.getProtocol() === null);
    this.awaitsClient = options.role === 'server' && !secure;
    if (!this.ready) {
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        this.ready = true;
        this.flush();
      });
    }
    socket.on('drain', () => {
      this.connection.setWritable(true);
      this.flush();
    });
    socket.on('end', () => {
      this.reuseWritten();
      this.connection.transportClosed('the peer closed the connection');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The system's errors are known by their codes (ECONNREFUSED), those of TLS say more in words.
      this.failure = error.syscall === undefined ? error.message : (error.code ?? error.message);
    });
    socket.on('close', () => {
      this.loop.remove(this);
      // Nobody reads the slabs any more, whether they have left or not.
      this.connection.outputDone();
      this.connection.transportClosed(this.failure);
    });
    this.loop.add(this);
  }

  onOutput(): void {
    if (this.awaitsClient) this.owesOutput = true;
    else this.loop.schedule(this);
  }

  onPatientOutput(withinMs: number): void {
    this.loop.scheduleWithin(withinMs, this);
  }

  receive(bytes: Buffer): void {
    this.loop.stir(this);
    if (this.awaitsClient && !this.admits(bytes)) return;
    this.connection.receive(bytes, this.loop.now());
  }

  /** The first bytes. */
  private admits(bytes: Buffer): boolean {
    const refusal = http1Refusal(bytes);
    if (refusal === undefined) {
      this.awaitsClient = false;
      // Our own preface waits, and leaves with what the client's bytes lead to.
      if (this.owesOutput) this.loop.schedule(this);
      return true;
    }
    if (!this.connection.closed) this.socket.write(refusal, 'latin1');
    this.connection.close(ErrorCode.PROTOCOL_ERROR, 'the client speaks HTTP/1.1');
    return false;
  }

  tick(nowMs: number): number {
    const nextMs = this.connection.tick(nowMs);
    this.reuseWritten();
    return nextMs;
  }

  /**
   * The end of a turn. What a full socket does not take stays in the connection, where it is counted against
   * `maxUnsentBytes`, until the socket has drained.
   */
  flush(): void {
    if (!this.full) this.writeAll();
  }

  private get full(): boolean {
    // The high-water mark alone does not say: it is passed even when the kernel took everything at once.
    return this.socket.writableNeedDrain && this.socket.writableLength > 0;
  }

  /** Writes everything that has piled up, in one system call where possible. */
  private writeAll(): void {
    const { connection, socket } = this;
    if (!socket.writable || !this.ready || this.awaitsClient) return;
    // A write that was not done at once (over TLS none is) has ended without a word.
    this.reuseWritten();
    let bytes = connection.takeOutput();
    let corked = false;
    while (bytes !== undefined) {
      this.write(bytes);
      bytes = connection.takeOutput();
      if (bytes !== undefined && !corked) {
        corked = true;
        socket.cork();
      }
    }
    if (corked) socket.uncork();
    this.reuseWritten();
  }

  /** Length 0 means that the kernel, or OpenSSL, has copied the bytes: the slabs can be written again. */
  private reuseWritten(): void {
    if (this.socket.writableLength === 0) this.connection.outputDone();
  }

  private write(bytes: Uint8Array): void {
    this.socket.write(bytes);
    if (this.full) this.connection.setWritable(false);
  }

  /** The last bytes (a GOAWAY) leave, then the socket ends; it keeps reading, for unread bytes would make TCP reset it. */
  onFinished(failed: boolean): void {
    this.writeAll();
    // The peer's end has come and all of ours is out: closing says what a shutdown would, and spares it. Not over TLS,
    // where each side must send a close_notify (RFC 8446 §6.1).
    const over = this.socket.readableEnded && this.socket.writableLength === 0;
    if (over && !(this.socket instanceof TLSSocket)) this.socket.destroy();
    else this.socket.end();
    if (this.socket.destroyed) return;
    // Once in the life of a connection, so a timer of its own costs nothing.
    const timer = setTimeout(() => this.socket.destroy(), failed ? FAILED_GRACE_MS : CLOSE_GRACE_MS).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }
}
