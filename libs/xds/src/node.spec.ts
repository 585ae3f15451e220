import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { expect, it } from 'vitest';
import { nodeInfo } from './node.ts';

/** As grpc-js-xds 1.14, grpc-go, grpc-java and C-core (grpcio) 1.85 and Envoy 1.40 have it. */
it.each([
  ['gRPC Node Pure JS', 'grpc-js'],
  ['gRPC Go', 'grpc-go'],
  ['gRPC Java', 'grpc-java'],
  ['gRPC C-core linux', 'grpc-core'],
  ['something else', 'grpc'],
  ['envoy', 'envoy'],
  ['evenly-l7-proxy', 'proxy'],
])('a client that calls itself %s is %s', (userAgentName, kind) => {
  expect(nodeInfo({ ...Node.decode(new Uint8Array(0)), userAgentName }, true).kind).toBe(kind);
});
