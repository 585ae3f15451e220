import {
  status,
  type handleUnaryCall,
  type ServerDuplexStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {
  DeltaDiscoveryRequest,
  DiscoveryRequest,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import type { Service } from '@evenly/service';
import { DeltaStream, XdsError, type Answer, type ResourceType } from '@evenly/xds';
import type { Metrics } from '../metrics.ts';
import type { ClientStream, ClientStreams, Variant } from './client-streams.ts';
import { fail } from './open-calls.ts';
import type { XdsService } from './services.ts';

type Request = DiscoveryRequest | DeltaDiscoveryRequest;
type Call = ServerDuplexStream<Request, Buffer>;

/** What handlers need of their surroundings. */
export interface HandlerContext {
  streams: ClientStreams;
  metrics: Metrics;
  log: Service['log'];
}

/** Binds the gRPC methods of one xDS service to the protocol's state machines. */
export function handlersOf(service: XdsService, context: HandlerContext): UntypedServiceImplementation {
  const refuse: handleUnaryCall<unknown, unknown> = (_call, callback) =>
    callback({ code: status.UNIMPLEMENTED, details: `${service.fetch} is not served; use ${service.sotw}` });
  return {
    [service.sotw]: (call: Call) => serve(call, 'sotw', service.types, context),
    [service.delta]: (call: Call) => serve(call, 'delta', service.types, context),
    ...(service.fetch === undefined ? {} : { [service.fetch]: refuse }),
  };
}

function serve(call: Call, variant: Variant, types: readonly ResourceType[], context: HandlerContext): void {
  const { streams, log } = context;
  if (streams.isFull) {
    return fail(call, status.RESOURCE_EXHAUSTED, `this server takes at most ${streams.maxStreams} streams`);
  }
  const { client, close } = streams.add({
    variant,
    types,
    peer: call.getPeer(),
    send: (encoded) => call.write(encoded),
    end: () => fail(call, status.UNAVAILABLE, 'this xDS server is shutting down'),
  });
  call.on('data', (request: Request) => onRequest(call, client, request, context));
  call.on('end', () => call.end());
  call.on('cancelled', close);
  call.on('close', close);
  call.on('error', (error: Error) => {
    log.info({ node: client.stream.node.id, peer: client.peer, reason: error.message }, 'stream ended');
    close();
  });
}

function onRequest(
  call: Call,
  client: ClientStream,
  request: Request,
  { streams, metrics, log }: HandlerContext,
): void {
  try {
    const answer =
      client.stream instanceof DeltaStream
        ? client.stream.onRequest(request as DeltaDiscoveryRequest)
        : client.stream.onRequest(request as DiscoveryRequest);
    count(answer, metrics);
    streams.answered(client, answer, request.responseNonce, request.errorDetail?.message);
    if (answer.said === 'nack') {
      const reason = request.errorDetail?.message.slice(0, 4096);
      log.error({ node: client.stream.node.id, type: answer.type, reason }, 'the client rejected a response');
    }
  } catch (error) {
    if (!(error instanceof XdsError)) throw error;
    metrics.requests.inc({ said: 'refused', type: 'unknown' });
    log.warn({ node: client.stream.node.id, code: error.code, reason: error.message }, 'request refused');
    fail(call, statusOf(error), error.message);
  }
}

function count({ said, type, latencyMs }: Answer, metrics: Metrics): void {
  metrics.requests.inc({ said, type });
  if (said === 'nack') metrics.nacks.inc({ type });
  if (said === 'ack' && latencyMs !== undefined) metrics.ackSeconds.observe({ type }, latencyMs / 1000);
}

const statusOf = ({ code }: XdsError): status =>
  code === 'TOO_MANY_REQUESTS' ? status.RESOURCE_EXHAUSTED : status.INVALID_ARGUMENT;
