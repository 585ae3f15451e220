import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { endpointKey, type Endpoint } from '@evenly/endpoints';
import type { HeaderField } from '@evenly/http2';
import { grpcCodes, type GrpcCode } from '@evenly/mesh-config';
import { rpcAttributes } from '@evenly/service';
import type { CallEnd, CallObserver, CallStart, ObserveCall, WholeCallEnd } from '../call/call-observer.ts';
import type { Attempt } from '../upstream/attempt.ts';
import { contextOf, fieldsOf, isTraced } from './trace-context.ts';

/** What OpenTelemetry's conventions call an error of the server; other codes tell the client of its own mistake. */
const serverErrors: ReadonlySet<GrpcCode | undefined> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Watches calls for spans; undefined when traces are off. */
export function traceCalls(tracer: Tracer | undefined): ObserveCall | undefined {
  return tracer && ((start) => (isTraced(start.block) ? new CallTrace(start, tracer) : undefined));
}

/** The spans of one call: one as a server, under the caller's, and one as a client for each attempt. */
class CallTrace implements CallObserver {
  readonly #tracer: Tracer;
  readonly #name: string;
  readonly #attributes: Attributes;
  readonly #isGrpc: boolean;
  readonly #span: Span;
  readonly #within: Context;
  /** Of the attempt that is about to begin. */
  #next: Span | undefined;
  readonly #attempts = new Map<Attempt, Span>();

  constructor({ block, peer, isGrpc, route, listener }: CallStart, tracer: Tracer) {
    const { method, path, authority } = block.asRequest();
    this.#tracer = tracer;
    this.#isGrpc = isGrpc;
    this.#name = isGrpc ? path.slice(1) : method;
    this.#attributes = isGrpc
      ? rpcAttributes(path)
      : { 'http.request.method': method, 'url.path': path.split('?', 1)[0]! };
    const parent = contextOf(block, ROOT_CONTEXT);
    const attributes = {
      ...this.#attributes,
      'server.address': authority,
      'client.address': peer,
      'evenly.listener': listener,
      ...(route === undefined ? {} : { 'evenly.route': route }),
    };
    this.#span = tracer.startSpan(this.#name, { kind: SpanKind.SERVER, attributes }, parent);
    this.#within = trace.setSpan(parent, this.#span);
  }

  attemptFields(endpoint: Endpoint): readonly HeaderField[] {
    const attributes = {
      ...this.#attributes,
      'server.address': endpoint.hostname ?? endpoint.address,
      'server.port': endpoint.port,
      'network.peer.address': endpointKey(endpoint),
    };
    const span = this.#tracer.startSpan(this.#name, { kind: SpanKind.CLIENT, attributes }, this.#within);
    this.#next = span;
    return fieldsOf(trace.setSpan(this.#within, span));
  }

  attemptStarted(attempt: Attempt): void {
    this.#attempts.set(attempt, this.#next!);
  }

  attemptEnded(attempt: Attempt, end: CallEnd): void {
    const span = this.#attempts.get(attempt);
    if (span === undefined) return;
    this.#attempts.delete(attempt);
    this.#end(span, end, this.#isGrpc ? end.grpcStatus !== 0 : end.httpStatus >= 400);
  }

  requestData(): void {}

  responseData(): void {}

  ended(end: WholeCallEnd): void {
    if (end.service !== undefined) this.#span.setAttribute('evenly.service', end.service);
    const failed = this.#isGrpc ? serverErrors.has(grpcCodes[end.grpcStatus]) : end.httpStatus >= 500;
    this.#end(this.#span, end, failed);
  }

  #end(span: Span, { grpcStatus, httpStatus, why, reason }: CallEnd, failed: boolean): void {
    if (this.#isGrpc && grpcStatus >= 0) span.setAttribute('rpc.grpc.status_code', grpcStatus);
    if (!this.#isGrpc && httpStatus > 0) span.setAttribute('http.response.status_code', httpStatus);
    if (why !== undefined) span.setAttribute('error.type', why);
    if (failed)
      span.setStatus({ code: SpanStatusCode.ERROR, ...(reason === undefined ? {} : { message: reason }) });
    span.end();
  }
}
