import {
  InterceptingCall,
  ListenerBuilder,
  RequesterBuilder,
  status,
  type Interceptor,
  type Metadata,
} from '@grpc/grpc-js';
import { context, propagation, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { rpcAttributes } from './rpc-attributes.ts';

const setter = { set: (metadata: Metadata, key: string, value: string) => metadata.set(key, value) };

/** A span for each call of a client, under the active one; the call's metadata carry it on (W3C `traceparent`). */
export function clientTracing(tracer: Tracer): Interceptor {
  return (options, nextCall) => {
    const { path } = options.method_definition;
    const span = tracer.startSpan(path.slice(1), { kind: SpanKind.CLIENT, attributes: rpcAttributes(path) });
    const within = trace.setSpan(context.active(), span);
    const call = nextCall(options);
    const listener = new ListenerBuilder()
      .withOnReceiveStatus((received, next) => {
        const { code, details } = received;
        span.setAttributes({ 'rpc.grpc.status_code': code, 'network.peer.address': call.getPeer() });
        if (code !== status.OK) span.setStatus({ code: SpanStatusCode.ERROR, message: details });
        span.end();
        next(received);
      })
      .build();
    const requester = new RequesterBuilder()
      .withStart((metadata, _listener, next) => {
        propagation.inject(within, metadata, setter);
        next(metadata, listener);
      })
      .build();
    return new InterceptingCall(call, requester);
  };
}
