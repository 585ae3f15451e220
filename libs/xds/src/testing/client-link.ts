import type { MeshConfig } from '@evenly/mesh-config';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import type { ClientStreamRequest } from '../client/ads-stream.ts';
import type { ProtocolVariant } from '../protocol-variant.ts';
import { XdsClient } from '../client/xds-client.ts';
import { proxyUserAgent } from '../node.ts';
import type { ResourceCache } from '../resource-cache.ts';
import { typeOfUrl, type ResourceType } from '../resource-type.ts';
import { DeltaStream } from '../stream/delta-stream.ts';
import type { EncodedResponse } from '../stream/response-encoder.ts';
import { SotwStream } from '../stream/sotw-stream.ts';
import { meshListener } from './mesh.ts';

/** Our client's state machine, and what it told. */
export function linkedClient(variant: ProtocolVariant, listeners: readonly string[] = []) {
  const configs: MeshConfig[] = [];
  const warnings: string[] = [];
  const answers: { type: string; error: string | undefined }[] = [];
  const clock = { nowMs: 0 };
  const client = new XdsClient({
    variant,
    node: { ...Node.decode(new Uint8Array(0)), id: 'proxy-1', userAgentName: proxyUserAgent },
    listeners,
    defaultListener: meshListener({ name: 'proxy', address: '127.0.0.1', port: 8080 }),
    now: () => clock.nowMs,
    onConfig: (config) => configs.push(config),
    onWarning: (reason) => warnings.push(reason),
    onAcknowledged: (type, error) => answers.push({ type, error }),
  });
  const requests: ClientStreamRequest[] = [];

  return {
    client,
    configs,
    warnings,
    answers,
    clock,
    requests,
    /**
     * Connects it to a stream of our server's state machine; all is delivered encoded, and one after the other.
     * @param silentAbout a type of which the server never says a word
     */
    connect: (cache: ResourceCache, silentAbout?: ResourceType) => {
      let open = true;
      const later = (act: () => void) => queueMicrotask(() => open && act());
      const respond = ({ message }: EncodedResponse) => {
        const encoded = Buffer.from(message); // valid during this call only
        const response =
          variant === 'delta' ? DeltaDiscoveryResponse.decode(encoded) : DiscoveryResponse.decode(encoded);
        if (typeOfUrl(response.typeUrl) !== silentAbout) later(() => client.onResponse(response));
      };
      const options = { cache, send: respond, now: () => clock.nowMs };
      const delta = new DeltaStream(options);
      const sotw = new SotwStream(options);
      const stop = cache.onChange(() => (variant === 'delta' ? delta : sotw).onCacheChange());
      client.connected((request) => {
        requests.push(request);
        if (variant === 'delta') {
          const sent = DeltaDiscoveryRequest.encode(request as DeltaDiscoveryRequest).finish();
          later(() => void delta.onRequest(DeltaDiscoveryRequest.decode(sent)));
        } else {
          const sent = DiscoveryRequest.encode(request as DiscoveryRequest).finish();
          later(() => void sotw.onRequest(DiscoveryRequest.decode(sent)));
        }
      });
      return () => {
        open = false;
        stop();
        client.disconnected();
      };
    },
  };
}

/** Until all that is under way has been delivered. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
