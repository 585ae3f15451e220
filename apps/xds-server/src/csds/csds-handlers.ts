import {
  ClientStatusDiscoveryServiceService,
  type ClientStatusRequest,
  type ClientStatusResponse,
} from '@evenly/proto/envoy/service/status/v3/csds';
import { bidi, limitCalls, Status, StatusError, unary, type Method } from '@evenly/grpc-server';
import type { ResourceCache } from '@evenly/xds';
import type { ClientStreams } from '../xds-port/client-streams.ts';
import { connectedClients } from '../xds-port/clients.ts';
import { clientConfig } from './client-config.ts';
import { nodeIdMatcher } from './node-matcher.ts';

const { streamClientStatus, fetchClientStatus } = ClientStatusDiscoveryServiceService;

/** Streams of those who ask: people and their tools. */
const maxStreams = 32;
/** Resources in one response, of all clients that match. More are refused, for contents would fill memory and message. */
const maxResources = 20_000;

export interface CsdsContext {
  streams: ClientStreams;
  cache: ResourceCache;
}

/** The client status discovery service: which client has which resource, in which version. */
export function csdsMethods(context: CsdsContext): [path: string, Method][] {
  const stream = bidi<ClientStatusRequest>(streamClientStatus, (call) => ({
    onRequest: (request) => call.send(streamClientStatus.responseSerialize(responseTo(request, context))),
  }));
  return [
    [streamClientStatus.path, limitCalls(maxStreams, stream)],
    [fetchClientStatus.path, unary(fetchClientStatus, (request) => responseTo(request, context))],
  ];
}

/** @throws StatusError INVALID_ARGUMENT, RESOURCE_EXHAUSTED */
function responseTo(request: ClientStatusRequest, { streams, cache }: CsdsContext): ClientStatusResponse {
  let matches: (nodeId: string) => boolean;
  try {
    matches = nodeIdMatcher(request.nodeMatchers);
  } catch (error) {
    throw new StatusError(Status.INVALID_ARGUMENT, (error as Error).message);
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
      const details = `more than ${maxResources} resources in the response: ask for fewer clients, by node_matchers`;
      throw new StatusError(Status.RESOURCE_EXHAUSTED, details);
    }
    config.push(next);
  }
  return { config };
}
