import { once } from 'node:events';
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { kustomize, objectsIn } from './rendered.ts';

const servers: Http2Server[] = [];
let client: Client | undefined;
afterEach(() => {
  client?.close();
  for (const server of servers.splice(0)) server.close();
});

/** A server with HTTP/2 alone, for no gRPC server refuses a call when one wishes. @returns its address */
async function serve(onStream: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createServer().on('stream', onStream).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A call by round robin over three servers; whichever two it comes to first refuse it. */
async function callWhereTwoRefuse(serviceConfig: object): Promise<ServiceError | null> {
  let refusals = 0;
  const addresses = await Promise.all(
    [1, 2, 3].map(() =>
      serve((stream) => {
        stream.on('error', () => {}); // that it was refused
        if (refusals++ < 2) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
        stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
      }),
    ),
  );
  client = new Client(`ipv4:${addresses.join(',')}`, credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }], ...serviceConfig }),
  });
  const bytes = (value: Buffer) => value;
  return new Promise((resolve) => client!.makeUnaryRequest('/a.B/C', bytes, bytes, Buffer.alloc(0), resolve));
}

it('a call that two refuse comes to nothing by itself: gRPC tries once more only (gRFC A6)', async () => {
  const error = await callWhereTwoRefuse({});
  expect(error?.code).toBe(status.UNAVAILABLE);
});

it.each(['client-api', 'client-dns'])('in %s the third one answers it', async (name) => {
  const objects = objectsIn(await kustomize(name));
  const deployment = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'echo-client',
  );
  const [container] = deployment!.spec!.template!.spec!.containers!;
  const given = container!.env!.find((each) => each.name === 'EVENLY_SERVICE_CONFIG')!.value!;
  expect(await callWhereTwoRefuse(JSON.parse(given) as object)).toBeNull();
});
