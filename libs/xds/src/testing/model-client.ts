import { Node } from '@evenly/proto/envoy/config/core/v3/base';
import {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import type { ResourceCache } from '../resource-cache.ts';
import { isWholeSet, typeOfUrl, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { message } from '../resources/message.ts';
import { DeltaStream } from '../stream/delta-stream.ts';
import type { EncodedResponse } from '../stream/response-encoder.ts';
import { SotwStream } from '../stream/sotw-stream.ts';
import type { StreamOptions } from '../stream/xds-stream.ts';

/** A response as a client reads it. */
export interface Received {
  type: ResourceType;
  nonce: string;
  version: string;
  /** Name → content. */
  resources: Map<string, string>;
  removed: string[];
}

/**
 * A client that does what the protocol says, byte for byte, and keeps what it has. Contents are texts `name=content`,
 * which tests put into the cache with `entry`.
 */
export interface ModelClient {
  stream: SotwStream | DeltaStream;
  /** Responses that are not answered yet. */
  inbox: Received[];
  /** What the client has: name → content. */
  has: (type: ResourceType) => Map<string, string>;
  subscribe: (type: ResourceType, names: readonly string[]) => void;
  /** Drops all that it has and wants of a type, its nonce too, without a word. */
  forget: (type: ResourceType) => void;
  ack: () => void;
  nack: (error: string) => void;
  /** All responses so far, answered or not. */
  received: Received[];
}

export function modelClient(
  variant: 'sotw' | 'delta',
  cache: ResourceCache,
  options: Partial<StreamOptions> & {
    had?: Map<ResourceType, Map<string, string>>;
    node?: Partial<Node>;
  } = {},
): ModelClient {
  const received: Received[] = [];
  const inbox: Received[] = [];
  const has = new Map<ResourceType, Map<string, string>>(options.had);
  const names = new Map<ResourceType, readonly string[]>();
  const nonces = new Map<ResourceType, string>();
  const send = ({ message: encoded }: EncodedResponse) => {
    const response = variant === 'sotw' ? readSotw(encoded) : readDelta(encoded);
    inbox.push(response);
    received.push(response);
  };
  const node = options.node && message(Node, options.node);
  const streamOptions: StreamOptions = { cache, now: () => 0, ...options, send };
  const sotw = variant === 'sotw' ? new SotwStream(streamOptions) : undefined;
  const delta = variant === 'delta' ? new DeltaStream(streamOptions) : undefined;
  const stream = (sotw ?? delta)!;
  cache.onChange(() => stream.onCacheChange());

  const held = (type: ResourceType) => {
    let ofType = has.get(type);
    if (ofType === undefined) has.set(type, (ofType = new Map<string, string>()));
    return ofType;
  };
  const request = (
    type: ResourceType,
    change: { subscribe: string[]; unsubscribe: string[] },
    error?: string,
  ) => {
    const typeUrl = typeUrlOf(type);
    const responseNonce = nonces.get(type) ?? '';
    const errorDetail = error === undefined ? undefined : { code: 3, message: error, details: [] };
    const initialResourceVersions = Object.fromEntries(
      delta?.types.has(type) ? [] : [...held(type)].map(([name, content]) => [name, versionIn(content)]),
    );
    const deltaRequest = message(DeltaDiscoveryRequest, {
      node,
      typeUrl,
      responseNonce:
        change.subscribe.length + change.unsubscribe.length > 0 && error === undefined ? '' : responseNonce,
      errorDetail,
      resourceNamesSubscribe: change.subscribe,
      resourceNamesUnsubscribe: change.unsubscribe,
      initialResourceVersions,
    });
    // As the server does: what is no plain ACK is decoded.
    if (delta?.onPlainAck(DeltaDiscoveryRequest.encode(deltaRequest).finish()) === undefined)
      delta?.onRequest(deltaRequest);
    const resourceNames = [...(names.get(type) ?? [])];
    const comesBack = sotw?.types.has(type) === false && options.had?.has(type) === true;
    const versionInfo = comesBack ? 'of another stream' : '';
    const sotwRequest = message(DiscoveryRequest, {
      node,
      typeUrl,
      versionInfo,
      responseNonce,
      errorDetail,
      resourceNames,
    });
    if (sotw?.onPlainAck(DiscoveryRequest.encode(sotwRequest).finish()) === undefined)
      sotw?.onRequest(sotwRequest);
  };
  const answer = (error?: string) => {
    const response = inbox.shift();
    if (response === undefined) return;
    nonces.set(response.type, response.nonce);
    if (error === undefined) takeIn(variant, response, held(response.type));
    request(response.type, { subscribe: [], unsubscribe: [] }, error);
  };

  return {
    stream,
    inbox,
    received,
    has: held,
    subscribe: (type, next) => {
      const before = names.get(type) ?? [];
      names.set(type, next);
      const unsubscribe = before.filter((name) => !next.includes(name));
      const wildcard = next.includes('*') || (next.length === 0 && before.length === 0 && isWholeSet(type));
      for (const name of unsubscribe) if (!wildcard) held(type).delete(name);
      request(type, { subscribe: next.filter((name) => !before.includes(name)), unsubscribe });
    },
    forget: (type) => {
      for (const known of [has, names, nonces]) known.delete(type);
    },
    ack: () => answer(),
    nack: (error) => answer(error),
  };
}

function takeIn(
  variant: 'sotw' | 'delta',
  { type, resources, removed }: Received,
  held: Map<string, string>,
): void {
  if (variant === 'sotw' && isWholeSet(type)) {
    for (const name of held.keys()) if (!resources.has(name)) held.delete(name);
  }
  for (const [name, content] of resources) held.set(name, content);
  for (const name of removed) held.delete(name);
}

function readSotw(encoded: Buffer): Received {
  const { typeUrl, nonce, versionInfo, resources } = DiscoveryResponse.decode(encoded);
  const contents = resources.map(({ value }) => value.toString());
  return {
    type: typeOfUrl(typeUrl)!,
    nonce,
    version: versionInfo,
    resources: new Map(contents.map((content) => [nameIn(content), content])),
    removed: [],
  };
}

function readDelta(encoded: Buffer): Received {
  const { typeUrl, nonce, systemVersionInfo, resources, removedResources } =
    DeltaDiscoveryResponse.decode(encoded);
  return {
    type: typeOfUrl(typeUrl)!,
    nonce,
    version: systemVersionInfo,
    resources: new Map(resources.map(({ name, resource }) => [name, resource!.value.toString()])),
    removed: removedResources,
  };
}

const nameIn = (content: string) => content.slice(0, content.indexOf('='));
const versionIn = (content: string) => versions.get(content) ?? '';

/** Content → version, for a client that says what it has when it reconnects. */
const versions = new Map<string, string>();
export function noteVersion(content: string, version: string): void {
  versions.set(content, version);
}
