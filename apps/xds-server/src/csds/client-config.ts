import { ClientResourceStatus } from '@evenly/proto/envoy/admin/v3/config_dump_shared';
import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import {
  ConfigStatus,
  type ClientConfig,
  type ClientConfig_GenericXdsConfig as XdsConfig,
} from '@evenly/proto/envoy/service/status/v3/csds';
import {
  typeUrlOf,
  withoutKeys,
  type NodeInfo,
  type Resource,
  type ResourceCache,
  type ResourceType,
  type TypeState,
} from '@evenly/xds';
import type { ConnectedClient } from '../xds-port/clients.ts';

export interface ConfigOptions {
  cache: ResourceCache;
  /** Whether the resources themselves are in it, or only their names and versions. */
  withContents: boolean;
  /** The time, in milliseconds since 1970, from which the streams' clocks count. */
  clockStartMs: number;
}

/** What a client has of each resource, as the client status discovery service (CSDS) says it. */
export function clientConfig({ node, streams }: ConnectedClient, options: ConfigOptions): ClientConfig {
  const genericXdsConfigs = streams.flatMap(({ stream }) =>
    [...stream.types].flatMap(([type, state]) => {
      const names = namesOf(type, state, node, options.cache);
      return [...names].map((name) => xdsConfig(type, name, state, node, options));
    }),
  );
  // grpcdebug heads the resources of each of several clients by it.
  return { node: nodeOf(node), genericXdsConfigs, clientScope: node.id };
}

/** All that the client asked for, has or rejected. */
function namesOf(
  type: ResourceType,
  state: Readonly<TypeState>,
  node: NodeInfo,
  cache: ResourceCache,
): Set<string> {
  const { subscription, sent, acked, nacked } = state;
  const names = new Set([...subscription.names, ...sent.keys(), ...acked.keys(), ...(nacked?.keys() ?? [])]);
  if (subscription.wildcard) for (const { name } of cache.all(type, node)) names.add(name);
  return names;
}

type StatusPair = Pick<XdsConfig, 'configStatus' | 'clientStatus'>;

const synced: StatusPair = { configStatus: ConfigStatus.SYNCED, clientStatus: ClientResourceStatus.ACKED };
const stale: StatusPair = { configStatus: ConfigStatus.STALE, clientStatus: ClientResourceStatus.UNKNOWN };
const rejected: StatusPair = { configStatus: ConfigStatus.ERROR, clientStatus: ClientResourceStatus.NACKED };
const waiting: StatusPair = {
  configStatus: ConfigStatus.NOT_SENT,
  clientStatus: ClientResourceStatus.REQUESTED,
};
const missing: StatusPair = {
  configStatus: ConfigStatus.NOT_SENT,
  clientStatus: ClientResourceStatus.DOES_NOT_EXIST,
};

function xdsConfig(
  type: ResourceType,
  name: string,
  state: Readonly<TypeState>,
  node: NodeInfo,
  { cache, withContents, clockStartMs }: ConfigOptions,
): XdsConfig {
  const now = cache.get(type, name, node);
  const sent = state.sent.get(name);
  const nack = state.nacked?.get(name);
  const date = (ms: number | undefined) => (ms === undefined ? undefined : new Date(clockStartMs + ms));
  const content = (resource: Resource | undefined) =>
    !withContents || resource === undefined
      ? undefined
      : { typeUrl: typeUrlOf(type), value: Buffer.from(withoutKeys(resource)) };
  const base = { typeUrl: typeUrlOf(type), name, isStaticResource: false, errorState: undefined };
  if (nack !== undefined) {
    const failed = now?.version === nack.version ? content(now) : undefined;
    const errorState = {
      failedConfiguration: failed,
      lastUpdateAttempt: date(nack.atMs),
      details: nack.error,
      versionInfo: nack.version,
    };
    return {
      ...base,
      ...rejected,
      versionInfo: nack.version,
      xdsConfig: failed,
      lastUpdated: date(nack.atMs),
      errorState,
    };
  }
  if (sent !== undefined) {
    const isAcked = state.acked.get(name)?.version === sent.version;
    const { version: versionInfo, resource, sentAtMs } = sent;
    return {
      ...base,
      ...(isAcked ? synced : stale),
      versionInfo,
      xdsConfig: content(resource),
      lastUpdated: date(sentAtMs),
    };
  }
  const isRemovalUnderWay = state.outstanding?.gone.includes(name) === true;
  const status = isRemovalUnderWay ? stale : now === undefined ? missing : waiting;
  return { ...base, ...status, versionInfo: '', xdsConfig: undefined, lastUpdated: undefined };
}

function nodeOf({ id, cluster, userAgent, region, zone }: NodeInfo): Node {
  return {
    ...Node.decode(new Uint8Array(0)),
    id,
    cluster,
    userAgentName: userAgent,
    locality: { region, zone, subZone: '' },
  };
}
