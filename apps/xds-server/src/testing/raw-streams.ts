import {
  credentials,
  makeGenericClientConstructor,
  type Client,
  type ClientDuplexStream,
} from '@grpc/grpc-js';

interface RawClient extends Client {
  ads(): ClientDuplexStream<Buffer, Buffer>;
  delta(): ClientDuplexStream<Buffer, Buffer>;
}

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const method = (name: string) => ({
  path: `${path}/${name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
});

const RawAds = makeGenericClientConstructor(
  { ads: method('StreamAggregatedResources'), delta: method('DeltaAggregatedResources') },
  'raw',
) as unknown as new (address: string, creds: ReturnType<typeof credentials.createInsecure>) => RawClient;

/** A client that sends whatever bytes a test likes. @returns the status that ended the stream */
export function sendRaw(
  port: number,
  variant: 'ads' | 'delta',
  messages: readonly Buffer[],
): Promise<number> {
  const client = new RawAds(`127.0.0.1:${port}`, credentials.createInsecure());
  const stream = client[variant]();
  return new Promise((resolve) => {
    stream.on('data', () => undefined);
    stream.on('error', () => undefined); // the status says it
    stream.on('status', ({ code }: { code: number }) => {
      client.close();
      resolve(code);
    });
    for (const message of messages) stream.write(message);
    stream.end();
  });
}
