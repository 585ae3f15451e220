import {
  ErrorCode,
  headerList,
  type Connection,
  type ConnectionEvents,
  type HeaderBlock,
  type Stream,
} from '@evenly/http2';
import { grpcCodes } from '@evenly/mesh-config';
import { Call } from '../call/call.ts';
import type { CallContext } from '../call/call-context.ts';
import type { ClientSide, ClientStream, ClientStreamOwner } from '../call/client-side.ts';
import { failure, type Failure } from '../failure.ts';
import { RequestSide } from '../call/request/request-side.ts';
import { respondLocally } from '../call/response/local-response.ts';
import { respondWithRedirect } from '../call/response/redirect-response.ts';
import { callEnd, type ObserveCall, type WholeCallEnd } from '../call/call-observer.ts';
import { allowedOrigin, isPreflight, preflightResponse, type CorsPolicy } from '../grpc-web/cors.ts';
import { Http2WebTransport } from '../grpc-web/http2-transport.ts';
import { grpcRequestOf, webEncodingOf } from '../grpc-web/protocol.ts';
import { WebCall } from '../grpc-web/web-call.ts';
import type { Http1ClientSide } from '../http1/client-side.ts';
import { admitTrailers } from '../routing/admitted-request.ts';
import type { ForwardedBy } from '../routing/forwarded.ts';
import { isTraced } from '../tracing/trace-context.ts';
import { planOf, type SharedBlocks } from '../routing/request-plan.ts';
import type { PinnedSession, ReadyRoute, RouteTable } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';

/** Its streams know their calls, or who translates for these. */
export type ClientConnection = Connection<ClientStreamOwner>;
type ClientConnectionStream = Stream<ClientStreamOwner>;

/** What the connections of a listener share. */
export interface ClientContext {
  calls: CallContext;
  shared: SharedBlocks;
  /** The listener's routes now: a reload replaces them. */
  table: () => RouteTable<Cluster>;
  /** Who watches the calls; undefined: nobody. */
  observe: ObserveCall | undefined;
  /** Those who watch are traces too. */
  tracing: boolean;
  /** The listener's name. */
  name: string;
  onNoRoute: () => void;
  /** Undefined: gRPC-Web is not taken, and passed on like any other request. */
  web: CorsPolicy | undefined;
}

/** Events of a client's connection, as those of its calls: a stream's `user` is its call. */
export function clientEvents(
  connection: () => ClientConnection,
  by: ForwardedBy,
  context: ClientContext,
  onClose: (connection: ClientConnection, failed: boolean) => void,
): ConnectionEvents<ClientStreamOwner> {
  return {
    onHeaders: (stream, block, kind, endStream) => {
      if (kind === 'request') startStream(connection(), stream, block, endStream, by, context);
      else stream.user?.onRequestTrailers(admitTrailers(block, by));
    },
    onData: (stream, bytes, start, end, endStream) => {
      stream.user?.onRequestData(bytes, start, end, endStream);
    },
    onDataSent: (stream, bytes) => stream.user?.onResponseSent(bytes),
    onReset: (stream, reset) => stream.user?.onClientReset(reset),
    onClose: (error) => onClose(connection(), error !== undefined),
  };
}

function startStream(
  client: ClientConnection,
  stream: ClientConnectionStream,
  block: HeaderBlock,
  endStream: boolean,
  by: ForwardedBy,
  context: ClientContext,
): void {
  if (block.asRequest().method === 'CONNECT') return refuseTunnel(client, stream, endStream);
  if (context.web !== undefined) {
    if (isPreflight(block)) return respondToPreflight(client, stream, block, endStream, context.web);
    const encoding = webEncodingOf(block.get('content-type'));
    if (encoding !== undefined) {
      const transport = new Http2WebTransport(client, stream);
      const webCall = new WebCall(
        transport,
        encoding,
        block.get('accept'),
        allowedOrigin(block, context.web),
      );
      stream.user = webCall;
      return startWebCall(webCall, block, endStream, by, context);
    }
  }
  const call = routedCall(client, stream, block, endStream, by, context);
  if (call === undefined) return;
  stream.user = call;
  call.start();
}

/** Starts the gRPC call that a gRPC-Web request means. */
export function startWebCall(
  webCall: WebCall,
  block: HeaderBlock,
  requestEnded: boolean,
  by: ForwardedBy,
  context: ClientContext,
): void {
  const call = routedCall(webCall, webCall.stream, grpcRequestOf(block), requestEnded, by, context);
  if (call === undefined) return;
  webCall.call = call;
  call.start();
}

/** Starts the call that a request of HTTP/1.1 is. @param requestEnded it has no content */
export function startHttp1Call(
  side: Http1ClientSide,
  block: HeaderBlock,
  requestEnded: boolean,
  by: ForwardedBy,
  context: ClientContext,
): void {
  const call = routedCall(side, side.stream, block, requestEnded, by, context);
  if (call === undefined) return;
  side.call = call;
  call.start();
}

/** The call that a request begins, not started yet; undefined: no route takes it, and the client has been told. */
function routedCall(
  client: ClientSide,
  stream: ClientStream,
  block: HeaderBlock,
  requestEnded: boolean,
  by: ForwardedBy,
  context: ClientContext,
): Call | undefined {
  const plan = planOf(block, context.table(), by, context.shared, context.tracing && isTraced(block));
  const { route, isGrpc } = plan;
  const observer = context.observe?.({
    listener: context.name,
    block,
    peer: by.address,
    isGrpc,
    route: route?.name,
  });
  if (route === undefined) {
    if (plan.refused === undefined) context.onNoRoute();
    const failed = plan.refused ?? noRoute(block);
    const httpStatus = respondLocally(client, stream, plan, requestEnded, failed);
    observer?.ended(unrouted(failed, httpStatus));
    return undefined;
  }
  const answer = (failed: Failure | undefined, httpStatus: number) => {
    route.stats.active++;
    if (isGrpc) route.stats.grpcEnded(failed === undefined ? -1 : grpcCodes.indexOf(failed.code), 0);
    else route.stats.httpEnded(httpStatus, 0);
    observer?.ended(unrouted(failed, httpStatus));
    return undefined;
  };
  // gRPC has no redirects: as with xDS, such a call is refused (gRFC A28).
  if (route.route.redirect !== undefined && !isGrpc)
    return answer(undefined, respondWithRedirect(client, stream, plan, route.route, requestEnded));
  const session = route.sessions === undefined ? undefined : keptSession(route, plan.block);
  const destination = session?.destination ?? route.choose(context.calls.random());
  if (destination === undefined)
    return answer(refused, respondLocally(client, stream, plan, requestEnded, refused));
  const request = new RequestSide(client, stream, context.calls.replay, requestEnded);
  return new Call(context.calls, plan, route, destination, request, observer, session?.endpoint);
}

/** The session that a request goes on with, as long as its endpoint is there: else the weights choose anew. */
function keptSession(route: ReadyRoute<Cluster>, block: HeaderBlock): PinnedSession<Cluster> | undefined {
  const session = route.sessionOf(block);
  return session?.destination.target.keepsSessions(session.endpoint) ? session : undefined;
}

/** A share of the route's calls, see `RefusedShare`. */
const refused: Failure = {
  ...failure('UNAVAILABLE', 'the route leads to what is not there', 'refused'),
  httpStatus: 500,
};

function noRoute(block: HeaderBlock): Failure {
  const { authority, path } = block.asRequest();
  return failure('UNIMPLEMENTED', `no route for ${authority || 'no authority'} ${path}`, 'no-route');
}

function unrouted(failed: Failure | undefined, httpStatus: number): WholeCallEnd {
  const grpcStatus = failed === undefined ? -1 : grpcCodes.indexOf(failed.code);
  const [service, requestId, durationMs] = [undefined, undefined, 0];
  return { ...callEnd(grpcStatus, httpStatus, failed), service, requestId, durationMs };
}

/** A tunnel is no call: there would be nothing to balance. CONNECT_ERROR would say that it was tried (RFC 9113 §8.5). */
function refuseTunnel(client: ClientConnection, stream: ClientConnectionStream, endStream: boolean): void {
  const noTunnel = {
    ...failure('UNIMPLEMENTED', 'this proxy makes no tunnels', 'bad-request'),
    httpStatus: 501,
  };
  respondLocally(client, stream, { isGrpc: false }, endStream, noTunnel);
}

function respondToPreflight(
  client: ClientConnection,
  stream: ClientConnectionStream,
  block: HeaderBlock,
  endStream: boolean,
  policy: CorsPolicy,
): void {
  const { status, fields } = preflightResponse(block, policy);
  client.sendHeaders(stream, headerList([[':status', String(status)], ...fields]), true);
  if (!endStream) client.reset(stream, ErrorCode.NO_ERROR);
}
