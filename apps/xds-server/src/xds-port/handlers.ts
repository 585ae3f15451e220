import type {
  DeltaDiscoveryRequest,
  DiscoveryRequest,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import {
  bidi,
  refuse as refused,
  Status,
  StatusError,
  type Method,
  type RequestHandler,
  type ServerCall,
  type StatusCode,
} from '@evenly/grpc-server';
import type { Runtime } from '@evenly/service';
import { DeltaStream, XdsError, type Acknowledgement, type ResourceType } from '@evenly/xds';
import type { ClientGate } from '../tls/client-gate.ts';
import type { Metrics } from '../metrics.ts';
import type { OpenStream, ClientStreams, Variant } from './client-streams.ts';
import { xdsServices, type XdsService } from './services.ts';

type Request = DiscoveryRequest | DeltaDiscoveryRequest;

/** What handlers need of their surroundings. */
export interface HandlerContext {
  streams: ClientStreams;
  metrics: Metrics;
  log: Runtime['log'];
}

/** The context, and who may ask for everything. */
interface XdsContext extends HandlerContext {
  wildcard: ClientGate | undefined;
}

/** The methods of the xDS services, bound to the protocol's state machines. */
export const xdsMethods = (context: XdsContext): [path: string, Method][] =>
  xdsServices.flatMap((service) => methodsOf(service, context));

function methodsOf({ sotw, delta, fetch, types }: XdsService, context: XdsContext): [string, Method][] {
  const methods: [string, Method][] = [
    [sotw.path, bidi(sotw, (call) => serve(call, 'sotw', types, context))],
    [delta.path, bidi(delta, (call) => serve(call, 'delta', types, context))],
  ];
  if (fetch !== undefined) {
    const problem = `${fetch.path} is not served; use ${sotw.path}`;
    methods.push([fetch.path, refused(new StatusError(Status.UNIMPLEMENTED, problem))]);
  }
  return methods;
}

function serve(
  call: ServerCall,
  variant: Variant,
  types: readonly ResourceType[],
  context: XdsContext,
): RequestHandler<Request> | undefined {
  const { streams, log, wildcard } = context;
  if (streams.isFull) {
    call.end(Status.RESOURCE_EXHAUSTED, `this server takes at most ${streams.maxStreams} streams`);
    return undefined;
  }
  const { client, close } = streams.add({ variant, types, call, wildcard });
  return {
    takes: (bytes) => onBytes(call, client, bytes, context),
    onRequest: (request) => onRequest(call, client, request, context),
    onClose: (reason) => {
      close();
      if (reason !== undefined) {
        log.info({ node: client.stream.node.id, peer: client.peer, reason }, 'stream ended');
      }
    },
  };
}

/** Most requests acknowledge, and say nothing else. @returns whether it did */
function onBytes(call: ServerCall, client: OpenStream, bytes: Buffer, context: HandlerContext): boolean {
  try {
    const said = client.stream.onPlainAck(bytes);
    if (said === undefined) return false;
    note(client, said, undefined, context);
  } catch (error) {
    refuse(call, client, error, context);
  }
  return true;
}

function onRequest(call: ServerCall, client: OpenStream, request: Request, context: HandlerContext): void {
  try {
    const said =
      client.stream instanceof DeltaStream
        ? client.stream.onRequest(request as DeltaDiscoveryRequest)
        : client.stream.onRequest(request as DiscoveryRequest);
    note(client, said, request.errorDetail?.message, context);
  } catch (error) {
    refuse(call, client, error, context);
  }
}

/** @param words of a client that rejects */
function note(
  client: OpenStream,
  said: Acknowledgement,
  words: string | undefined,
  { streams, metrics, log }: HandlerContext,
): void {
  metrics.exchange.note(said);
  streams.noteAcknowledgement(client, said, words);
  if (said.said !== 'nack') return;
  const level = said.isAgain === true ? 'debug' : 'error';
  const reason = words?.slice(0, 4096);
  log[level]({ node: client.stream.node.id, type: said.type, reason }, 'the client rejected a response');
}

function refuse(
  call: ServerCall,
  client: OpenStream,
  error: unknown,
  { metrics, log }: HandlerContext,
): void {
  if (!(error instanceof XdsError)) throw error;
  metrics.exchange.refused++;
  log.warn({ node: client.stream.node.id, code: error.code, reason: error.message }, 'request refused');
  call.end(statusOf(error), error.message);
}

const statusOf = ({ code }: XdsError): StatusCode =>
  code === 'TOO_MANY_REQUESTS' || code === 'OUT_OF_MEMORY'
    ? Status.RESOURCE_EXHAUSTED
    : Status.INVALID_ARGUMENT;
