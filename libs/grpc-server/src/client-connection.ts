import type { Socket } from 'node:net';
import type {
  Connection,
  ConnectionEvents,
  HeaderBlock,
  HeaderKind,
  MemoryBudget,
  Stream,
  StreamReset,
} from '@evenly/http2';
import { outOfMemory, ServerCall, type CallOptions } from './call.ts';
import type { Method } from './method.ts';
import { Peer } from './peer.ts';
import { notGrpc, timeoutMs } from './request.ts';
import { Status, type StatusError } from './status.ts';

/** What all connections of a server share. */
export interface ConnectionContext extends CallOptions {
  methods: ReadonlyMap<string, Method>;
  budget: MemoryBudget | undefined;
  /** Whether this client may make a call: the status that it gets if not. */
  admit: ((peer: Peer) => StatusError | undefined) | undefined;
  onClose: (connection: ClientConnection) => void;
}

/** One client's connection: finds the method of each of its calls. */
export class ClientConnection implements ConnectionEvents<ServerCall> {
  readonly #connection: () => Connection<ServerCall>;
  readonly #context: ConnectionContext;
  readonly #calls = new Set<ServerCall>();
  readonly #peer: Peer;
  #age: NodeJS.Timeout | undefined;

  constructor(connection: () => Connection<ServerCall>, socket: Socket, context: ConnectionContext) {
    this.#connection = connection;
    this.#context = context;
    this.#peer = new Peer(socket, context.budget);
  }

  onHeaders(stream: Stream<ServerCall>, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void {
    if (kind !== 'request') return this.#trailers(stream, endStream);
    const refusal = notGrpc(block);
    if (refusal !== undefined) {
      this.#connection().sendHeaders(stream, refusal, true);
      if (!endStream) this.#connection().reset(stream, 0);
      return;
    }
    const call = new ServerCall(this.#connection(), stream, this.#peer, this.#context);
    stream.user = call;
    this.#calls.add(call);
    this.#open(call, block);
    if (endStream) call.receiveEnd();
    if (call.closed) this.#calls.delete(call);
  }

  onData(stream: Stream<ServerCall>, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const call = stream.user;
    call?.receive(bytes, start, end, endStream);
    if (call?.closed === true) this.#calls.delete(call);
  }

  onDataSent(stream: Stream<ServerCall>): void {
    stream.user?.sent();
  }

  onReset(stream: Stream<ServerCall>, { reason }: StreamReset): void {
    const call = stream.user;
    if (call === undefined) return;
    this.#calls.delete(call);
    call.aborted(reason);
  }

  onClose(): void {
    clearTimeout(this.#age);
    this.#peer.memory?.close();
    this.#context.onClose(this);
  }

  /** Asks the client to come back elsewhere: no new calls; those under way end after `graceMs`. */
  retire(graceMs: number, reason: string): void {
    // The engine's own deadline is later: it closes what does not read its status.
    this.#connection().drain(graceMs + 5000);
    if (graceMs === 0) this.#endCalls(reason);
    else this.#age = setTimeout(() => this.#endCalls(reason), graceMs).unref();
  }

  /** Retires it after `ageMs`. */
  retireAfter(ageMs: number, graceMs: number): void {
    this.#age = setTimeout(() => this.retire(graceMs, 'the connection has reached its maximal age'), ageMs);
    this.#age.unref();
  }

  /** Ends it now. */
  cut(): void {
    this.#connection().close();
  }

  #endCalls(reason: string): void {
    for (const call of this.#calls) call.end(Status.UNAVAILABLE, reason);
    this.#calls.clear();
  }

  #open(call: ServerCall, request: HeaderBlock): void {
    const denied = this.#context.admit?.(this.#peer);
    if (denied !== undefined) return call.end(denied.code, denied.message);
    if (this.#peer.memory?.refusesWork === true) return call.end(Status.RESOURCE_EXHAUSTED, outOfMemory);
    const path = request.get(':path') ?? '';
    const method = this.#context.methods.get(path);
    if (method === undefined) {
      const what = path.slice(0, 256);
      return call.end(Status.UNIMPLEMENTED, `this server has no method ${what}`);
    }
    const timeout = timeoutMs(request);
    if (Number.isNaN(timeout)) return call.end(Status.INTERNAL, 'grpc-timeout cannot be read');
    call.start(method, timeout);
  }

  /** gRPC clients send none; HTTP/2 lets anyone end a request with them. */
  #trailers(stream: Stream<ServerCall>, endStream: boolean): void {
    const call = stream.user;
    if (endStream) call?.receiveEnd();
    if (call?.closed === true) this.#calls.delete(call);
  }
}
