import {
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type Metadata,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { rpcAttributes } from './rpc-attributes.ts';

const getter = {
  get: (metadata: Metadata, key: string) => metadata.get(key).map(String),
  keys: (metadata: Metadata) => Object.keys(metadata.getMap()),
};

/** What OpenTelemetry's conventions call an error of the server; other codes tell the client of its own mistake. */
const serverErrors = new Set<status | undefined>([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/**
 * A span for each call of a server, under the caller's (W3C `traceparent`); handlers run within it. Not for `grpc.*`:
 * a health check every two seconds tells nobody anything.
 */
export function serverTracing(tracer: Tracer): ServerInterceptor {
  return (method, nextCall) => {
    if (method.path.startsWith('/grpc.')) return new ServerInterceptingCall(nextCall);
    let span: Span | undefined;
    let within: Context = context.active();
    const end = (code: status, message: string) => {
      span?.setAttribute('rpc.grpc.status_code', code);
      if (serverErrors.has(code)) span?.setStatus({ code: SpanStatusCode.ERROR, message });
      span?.end();
      span = undefined;
    };
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const attributes = rpcAttributes(method.path);
        const parent = propagation.extract(context.active(), metadata, getter);
        span = tracer.startSpan(method.path.slice(1), { kind: SpanKind.SERVER, attributes }, parent);
        within = trace.setSpan(parent, span);
        next(metadata);
      })
      .withOnReceiveHalfClose((next) => context.with(within, next))
      .withOnCancel(() => end(status.CANCELLED, 'cancelled'))
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((sent, next) => {
        end(sent.code ?? status.OK, sent.details ?? '');
        next(sent);
      })
      .build();
    return new ServerInterceptingCall(nextCall, responder);
  };
}
