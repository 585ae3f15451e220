import type { HeaderBlock, HeaderField } from '@evenly/http2';
import type { Socket } from 'node:net';
import type { ConnectionListener, UpstreamConnection, UpstreamStream } from '../connection.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { OneSocketAgent } from './one-socket-agent.ts';

export interface Http1ConnectionOptions {
  readyEvent: 'connect' | 'secureConnect';
  connectTimeoutMs: number;
  /** How long it stays open without a request; 0: as long as the endpoint likes. */
  idleTimeoutMs: number;
  /** Responses of 1xx before one response. */
  maxInformational: number;
}

/** A connection of HTTP/1.1 to an endpoint: one request at a time, no pipelining. */
export class Http1Connection implements UpstreamConnection {
  readonly peerSettings = { maxConcurrentStreams: 1 };
  readonly isBlocked = false;
  hasServed = false;
  readonly #socket: Socket;
  readonly #options: Http1ConnectionOptions;
  readonly #listener: ConnectionListener;
  readonly #agent: OneSocketAgent;
  #state: 'connecting' | 'idle' | 'busy' = 'connecting';
  #takesMore = true;
  /** To the end of connecting, of being idle, or of a drain. */
  #timer: NodeJS.Timeout | undefined;
  #error: Error | undefined;

  constructor(socket: Socket, options: Http1ConnectionOptions, listener: ConnectionListener) {
    this.#socket = socket;
    this.#options = options;
    this.#listener = listener;
    this.#agent = new OneSocketAgent(socket, () => this.#onIdle());
    this.#startTimer(options.connectTimeoutMs, () => this.#fail('not connected in time'));
    socket.on('error', (error) => (this.#error ??= error)); // 'close' follows
    socket.on(options.readyEvent, () => {
      if (!this.#takesMore) return void socket.destroy();
      this.#becomeIdle();
      listener.onReady();
    });
    socket.on('close', () => {
      this.#takesMore = false;
      clearTimeout(this.#timer);
      this.#agent.destroy();
      listener.onClose(this.#error);
    });
  }

  get availableStreams(): number {
    return this.#state === 'idle' && this.#takesMore && this.#socket.writable ? 1 : 0;
  }

  open(
    block: HeaderBlock,
    endStream: boolean,
    extra: readonly HeaderField[] = [],
  ): UpstreamStream | undefined {
    if (this.availableStreams === 0) return undefined;
    this.#state = 'busy';
    clearTimeout(this.#timer);
    this.#socket.off('data', this.#onUnasked);
    const { maxInformational } = this.#options;
    const fields = [...block.fields, ...extra];
    return new Http1Exchange(this.#agent, block.asRequest(), fields, endStream, maxInformational, () => {
      this.hasServed = true;
    });
  }

  sendHeaders(stream: UpstreamStream, block: HeaderBlock): void {
    (stream as Http1Exchange).sendTrailers(block);
  }

  sendData(
    stream: UpstreamStream,
    bytes: Uint8Array,
    start: number,
    end: number,
    endStream: boolean,
  ): number {
    return (stream as Http1Exchange).send(bytes, start, end, endStream);
  }

  consume(stream: UpstreamStream, count: number): void {
    (stream as Http1Exchange).consume(count);
  }

  /** There is no way to cut one request off but to end the connection. */
  reset(stream: UpstreamStream): void {
    this.hasServed = true; // the end is not its fault
    (stream as Http1Exchange).cutOff();
  }

  drain(timeoutMs: number): void {
    this.#takesMore = false;
    if (this.#state === 'busy') this.#startTimer(timeoutMs, () => this.close());
    else this.close();
  }

  close(): void {
    this.#takesMore = false;
    this.#socket.destroy();
  }

  /** A request is over, and the connection stays. */
  #onIdle(): void {
    if (!this.#takesMore) return this.close();
    this.#becomeIdle();
    // node:http has not put the socket away yet.
    queueMicrotask(() => this.#listener.onCapacity());
  }

  #becomeIdle(): void {
    this.#state = 'idle';
    clearTimeout(this.#timer);
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs > 0) this.#startTimer(idleTimeoutMs, () => this.close());
    this.#socket.on('data', this.#onUnasked);
  }

  /** What nobody asked for would pass for the response to the next request. */
  readonly #onUnasked = () => this.#fail('sent something without a request');

  #fail(reason: string): void {
    this.#error ??= new Error(reason);
    this.close();
  }

  #startTimer(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms).unref();
  }
}
