import {
  ErrorCode,
  type Connection,
  type ConnectionEvents,
  type HeaderBlock,
  type Stream,
} from '@evenly/http2';
import { Call, type CallContext } from '../call/call.ts';
import { failure } from '../call/failure.ts';
import { answerLocally } from '../call/local-answer.ts';
import { planOf, type SharedBlocks } from '../routing/request-plan.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';

/** What the connections of a listener share. */
export interface ClientContext {
  calls: CallContext;
  shared: SharedBlocks;
  /** The listener's routes now: a reload replaces them. */
  table: () => RouteTable<Cluster>;
  onNoRoute: () => void;
}

/** Events of a client's connection, as those of its calls: a stream's `user` is its call. */
export function clientEvents(
  connection: () => Connection,
  context: ClientContext,
  onClose: (connection: Connection, failed: boolean) => void,
): ConnectionEvents {
  return {
    onHeaders: (stream, block, kind, endStream) => {
      if (kind === 'request') startCall(connection(), stream, block, endStream, context);
      else (stream.user as Call | undefined)?.onRequestTrailers(block);
    },
    onData: (stream, bytes, start, end, endStream) => {
      (stream.user as Call | undefined)?.onRequestData(bytes, start, end, endStream);
    },
    onDataSent: (stream, bytes) => (stream.user as Call | undefined)?.onAnswerSent(bytes),
    onReset: (stream) => (stream.user as Call | undefined)?.onClientReset(),
    onClose: (error) => onClose(connection(), error !== undefined),
  };
}

function startCall(
  client: Connection,
  stream: Stream,
  block: HeaderBlock,
  endStream: boolean,
  context: ClientContext,
): void {
  const plan = planOf(block, context.table(), context.shared);
  if (block.asRequest().method === 'CONNECT') {
    // A tunnel is no call: there would be nothing to balance.
    return client.reset(stream, ErrorCode.CONNECT_ERROR);
  }
  if (plan.route === undefined) {
    context.onNoRoute();
    const { authority, path } = block.asRequest();
    const failed = failure('UNIMPLEMENTED', `no route for ${authority || 'no authority'} ${path}`);
    answerLocally(client, stream, plan, endStream, failed);
    return;
  }
  const call = new Call(context.calls, client, stream, plan, plan.route, endStream);
  stream.user = call;
  call.start();
}
