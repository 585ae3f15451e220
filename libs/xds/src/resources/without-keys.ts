import { DataSource, type TransportSocket } from '@evenly/proto/envoy/config/core/v3/base';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import { DownstreamTlsContext } from '@evenly/proto/envoy/extensions/transport_sockets/tls/v3/tls';
import type { Resource } from '../resource.ts';
import { message } from './message.ts';

const redacted = message(DataSource, { specifier: { $case: 'inlineString', value: '[redacted]' } });

/** A resource for people to read, encoded: as it was sent, but for the private keys of listeners. */
export function withoutKeys({ type, encoded }: Resource): Uint8Array {
  if (type !== 'listener') return encoded;
  const listener = Listener.decode(encoded);
  const encrypted = listener.filterChains.flatMap(({ transportSocket }) => transportSocket ?? []);
  if (encrypted.length === 0) return encoded;
  encrypted.forEach(removeKeys);
  return Listener.encode(listener).finish();
}

function removeKeys({ configType }: TransportSocket): void {
  if (configType?.$case !== 'typedConfig') return;
  const context = DownstreamTlsContext.decode(configType.value.value);
  for (const certificate of context.commonTlsContext?.tlsCertificates ?? [])
    certificate.privateKey = redacted;
  configType.value.value = Buffer.from(DownstreamTlsContext.encode(context).finish());
}
