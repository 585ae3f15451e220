import { Channel, type ClientOptions, type ServiceDefinition } from '@grpc/grpc-js';
import type { MeterProvider } from '@opentelemetry/api';
import { clientInstruments } from './instruments.ts';
import { canonicalTarget } from './target.ts';
import { watchChannel } from './watch-channel.ts';

export interface GrpcMetricsOptions {
  /** Whom the metrics go to. There is no fallback on OpenTelemetry's global one, as gRFC A66 wants it. */
  meterProvider: MeterProvider;
  /** Services whose methods are named in `grpc.method`; those of all others are `other`, so that names have a bound. */
  services?: readonly ServiceDefinition[];
  /** Says of any other method whether it may be named: `package.Service/Method`. */
  mayName?: (method: string) => boolean;
}

/**
 * gRPC's client metrics (gRFC A66) for the clients that are made with what it returns:
 * `new EchoClient(target, credentials, { ...grpcMetrics({ meterProvider, services: [EchoService] }) })`.
 *
 * `grpc.client.attempt.started`, `grpc.client.attempt.duration` (s), both
 * `grpc.client.attempt.{sent,rcvd}_total_compressed_message_size` (By) and `grpc.client.call.duration` (s).
 *
 * @returns an option of grpc-js' clients; each client has a channel of its own then
 * @throws Error when a channel is made, if this grpc-js does not let attempts be seen: 1.12 to 1.14 do
 */
export function grpcMetrics({
  meterProvider,
  services = [],
  mayName = () => false,
}: GrpcMetricsOptions): Required<Pick<ClientOptions, 'channelFactoryOverride'>> {
  const instruments = clientInstruments(meterProvider);
  const registered = new Set(
    services.flatMap(Object.values).map(({ path }: { path: string }) => path.slice(1)),
  );
  const nameOf = (path: string) => {
    const method = path.slice(1);
    return registered.has(method) || mayName(method) ? method : 'other';
  };
  return {
    channelFactoryOverride: (address, credentials, options) => {
      const channel = new Channel(address, credentials, options);
      const target = canonicalTarget(channel.getTarget());
      watchChannel(channel, (path) => instruments.of({ 'grpc.method': nameOf(path), 'grpc.target': target }));
      return channel;
    },
  };
}
