import {
  DeltaDiscoveryResponse,
  DiscoveryResponse,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import type { Any } from '@evenly/proto/google/protobuf/any';
import type { ClientStreamRequest } from '../client/ads-stream.ts';
import type { ProtocolVariant } from '../protocol-variant.ts';
import type { XdsClient } from '../client/xds-client.ts';
import { sendOrder, typeOfUrl, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { message } from '../resources/message.ts';

type World = Record<ResourceType, ((name: string) => Any)[]>;

/** From a listener to its routes, their clusters, and their endpoints; and once more for what is asked for then. */
const rounds = 5;

/**
 * A server that knows no rules: it tells the client whatever it has under the names that are asked for, each twice, in
 * the bytes that a stream would carry. @returns what the client refused
 */
export function tellAll(client: XdsClient, variant: ProtocolVariant, world: World): string[] {
  const asked = new Map<ResourceType, Set<string>>();
  const errors: string[] = [];
  client.connected((request: ClientStreamRequest) => {
    const names = asked.get(typeOfUrl(request.typeUrl)!) ?? new Set();
    asked.set(typeOfUrl(request.typeUrl)!, names);
    const { resourceNames = [], resourceNamesSubscribe = [] } = request as Partial<
      Record<'resourceNames' | 'resourceNamesSubscribe', string[]>
    >;
    for (const name of [...resourceNames, ...resourceNamesSubscribe]) if (name !== '*') names.add(name);
    if (request.errorDetail !== undefined) errors.push(request.errorDetail.message);
  });
  for (let round = 1; round <= rounds; round++) {
    for (const type of sendOrder) {
      if (!asked.has(type)) continue;
      const names = type === 'listener' ? ['in', 'out'] : [...asked.get(type)!];
      const told = [...names, ...names].map((name, index) => ({
        name,
        content: world[type][index % world[type].length]!(name),
      }));
      client.onResponse(response(variant, type, `${round}`, told));
    }
  }
  return errors;
}

function response(
  variant: ProtocolVariant,
  type: ResourceType,
  version: string,
  told: { name: string; content: Any }[],
) {
  const common = { typeUrl: typeUrlOf(type), nonce: version };
  if (variant === 'sotw') {
    const resources = told.map(({ content }) => content);
    const sotw = message(DiscoveryResponse, { ...common, versionInfo: version, resources });
    return DiscoveryResponse.decode(DiscoveryResponse.encode(sotw).finish());
  }
  const resources = told.map(({ name, content }) => ({
    name,
    version,
    resource: content,
    aliases: [],
    ttl: undefined,
    cacheControl: undefined,
    resourceName: undefined,
    metadata: undefined,
  }));
  const delta = message(DeltaDiscoveryResponse, { ...common, systemVersionInfo: version, resources });
  return DeltaDiscoveryResponse.decode(DeltaDiscoveryResponse.encode(delta).finish());
}
