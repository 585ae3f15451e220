import { status, type ServerDuplexStream, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type {
  ClientStatusDiscoveryServiceServer,
  ClientStatusRequest,
  ClientStatusResponse,
} from '@evenly/proto/envoy/service/status/v3/csds';
import type { ResourceCache } from '@evenly/xds';
import type { ClientStreams } from '../xds-port/client-streams.ts';
import { connectedClients } from '../xds-port/clients.ts';
import { fail, type OpenCalls } from '../xds-port/open-calls.ts';
import { clientConfig } from './client-config.ts';
import { nodeIdMatcher } from './node-matcher.ts';

/** Resources in one answer, of all clients that match. More are refused, for contents would fill memory and message. */
const maxResources = 20_000;

export interface CsdsContext {
  streams: ClientStreams;
  cache: ResourceCache;
  calls: OpenCalls;
}

/** The client status discovery service: which client has which resource, in which version. */
export function csdsHandlers(context: CsdsContext): ClientStatusDiscoveryServiceServer {
  return {
    fetchClientStatus: (
      { request }: ServerUnaryCall<ClientStatusRequest, ClientStatusResponse>,
      callback: sendUnaryData<ClientStatusResponse>,
    ) => {
      const answer = answerTo(request, context);
      if ('code' in answer) callback(answer);
      else callback(null, answer);
    },
    streamClientStatus: (call: ServerDuplexStream<ClientStatusRequest, ClientStatusResponse>) => {
      if (!context.calls.admit(call)) return;
      call.on('data', (request: ClientStatusRequest) => {
        const answer = answerTo(request, context);
        if ('code' in answer) return fail(call, answer.code, answer.details);
        // Who asks but does not read is not read from either: at most one answer waits for him.
        if (!call.write(answer)) call.pause().once('drain', () => call.resume());
      });
      call.on('end', () => call.end());
    },
  };
}

function answerTo(
  request: ClientStatusRequest,
  { streams, cache }: CsdsContext,
): ClientStatusResponse | { code: status; details: string } {
  const refused = (code: status, details: string) => ({ code, details });
  let matches: (nodeId: string) => boolean;
  try {
    matches = nodeIdMatcher(request.nodeMatchers);
  } catch (error) {
    return refused(status.INVALID_ARGUMENT, (error as Error).message);
  }
  const options = {
    cache,
    withContents: !request.excludeResourceContents,
    clockStartMs: performance.timeOrigin,
  };
  const config: ClientStatusResponse['config'] = [];
  let resources = 0;
  for (const client of connectedClients(streams.all)) {
    if (!matches(client.node.id)) continue;
    const next = clientConfig(client, options);
    resources += next.genericXdsConfigs.length;
    if (resources > maxResources) {
      const details = `more than ${maxResources} resources in the answer: ask for fewer clients, by node_matchers`;
      return refused(status.RESOURCE_EXHAUSTED, details);
    }
    config.push(next);
  }
  return { config };
}
