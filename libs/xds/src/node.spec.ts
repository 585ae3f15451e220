import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { expect, it } from 'vitest';
import { nodeInfo } from './node.ts';

/** As grpc-js-xds 1.14, grpc-go, grpc-java and C-core (grpcio) 1.85 and Envoy 1.40 have it. */
it.each([
  ['gRPC Node Pure JS', '1.14.1', 'grpc-js'],
  ['gRPC Node Pure JS', '1.3.0', 'grpc-js'],
  ['gRPC Go', '1.85.0', 'grpc-go'],
  ['gRPC Go', '2.0.0', 'grpc-go'],
  ['gRPC Go', '1.84.9', 'grpc'],
  ['gRPC Go', '', 'grpc'],
  ['gRPC Java', '1.85.1', 'grpc-java'],
  ['gRPC C-core linux', 'C-core 1.85.1', 'grpc-core'],
  ['something else', '1.0', 'grpc'],
  ['envoy', '', 'envoy'],
  ['evenly-l7-proxy', '', 'proxy'],
])('a client that calls itself %s %s is %s', (userAgentName, version, kind) => {
  const userAgentVersionType = { $case: 'userAgentVersion' as const, value: version };
  const node = { ...Node.decode(new Uint8Array(0)), userAgentName, userAgentVersionType };
  expect(nodeInfo(node, true).kind).toBe(kind);
});

it.each([
  [{ NODE_NAME: 'n1' }, 'n1'],
  [{ NODE_NAME: 7 }, ''],
  [{ NODE_NAME: 'x'.repeat(1000) }, expect.stringMatching(/^x{200,256}…?$/)],
  [{}, ''],
  [undefined, ''],
])('runs on the machine that its metadata %j says', (metadata, machine) => {
  const node = { ...Node.decode(new Uint8Array(0)), metadata };
  expect(nodeInfo(node, true).machine).toEqual(machine);
});
