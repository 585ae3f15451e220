import type { Node } from '@evenly/proto/envoy/config/core/v3/base';
import {
  DeltaDiscoveryRequest,
  DiscoveryRequest,
  type DeltaDiscoveryResponse,
  type DiscoveryResponse,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import type { Any } from '@evenly/proto/google/protobuf/any';
import type { ProtocolVariant } from '../protocol-variant.ts';
import { typeUrlOf, type ResourceType } from '../resource-type.ts';
import { message } from '../resources/message.ts';
import type { ResourceView } from './resource-view.ts';

export type ClientStreamRequest = DeltaDiscoveryRequest | DiscoveryRequest;
export type ClientStreamResponse = DeltaDiscoveryResponse | DiscoveryResponse;

type AnyView = ResourceView<ResourceType>;

/** What a response says, whichever variant it is of. */
export interface ResourceUpdate {
  typeUrl: string;
  nonce: string;
  version: string;
  resources: readonly { name?: string; version: string; content: Any | undefined }[];
  /** Names that are gone; `rest`: all that are not among the resources. */
  removed: readonly string[] | 'rest';
}

/** INVALID_ARGUMENT of google.rpc.Status, as all clients reject with. */
const rejected = 3;

/** The client's side of one stream: what was asked for on it, and how to say the next thing. */
export interface AdsStream {
  /** Asks for what the view wants, if that is not what was asked for last. */
  subscribe(view: AnyView): void;
  read(response: ClientStreamResponse): ResourceUpdate;
  /** Acknowledges; with an error, rejects. */
  acknowledge(view: AnyView, update: ResourceUpdate, error: string | undefined): void;
}

export function adsStream(
  variant: ProtocolVariant,
  node: Node,
  send: (request: ClientStreamRequest) => void,
): AdsStream {
  return variant === 'delta' ? new DeltaAdsStream(node, send) : new SotwAdsStream(node, send);
}

/** A request says which names come and go. The first of a type tells what the client still has. */
class DeltaAdsStream implements AdsStream {
  #node: Node | undefined;
  readonly #send: (request: ClientStreamRequest) => void;
  readonly #asked = new Map<ResourceType, ReadonlySet<string>>();

  constructor(node: Node, send: (request: ClientStreamRequest) => void) {
    this.#node = node;
    this.#send = send;
  }

  subscribe(view: AnyView): void {
    const { type } = view;
    const names: ReadonlySet<string> = view.wildcard ? new Set(['*']) : view.names;
    const asked = this.#asked.get(type);
    if (asked === undefined && names.size === 0) return; // no names at all would ask for everything
    const resourceNamesSubscribe = [...names].filter((name) => asked?.has(name) !== true);
    const resourceNamesUnsubscribe = [...(asked ?? [])].filter((name) => !names.has(name));
    if (resourceNamesSubscribe.length + resourceNamesUnsubscribe.length === 0) return;
    this.#asked.set(type, new Set(names));
    const versions = asked === undefined ? [...view.known].map(([name, { version }]) => [name, version]) : [];
    this.#request(type, {
      resourceNamesSubscribe,
      resourceNamesUnsubscribe,
      initialResourceVersions: Object.fromEntries(versions) as Record<string, string>,
    });
  }

  read(response: ClientStreamResponse): ResourceUpdate {
    const { typeUrl, nonce, systemVersionInfo, resources, removedResources } =
      response as DeltaDiscoveryResponse;
    return {
      typeUrl,
      nonce,
      version: systemVersionInfo,
      resources: resources.map(({ name, version, resource: content }) => ({ name, version, content })),
      removed: removedResources,
    };
  }

  acknowledge({ type }: AnyView, { nonce }: ResourceUpdate, error: string | undefined): void {
    this.#request(type, { responseNonce: nonce, ...errorDetail(error) });
  }

  #request(type: ResourceType, fields: Partial<DeltaDiscoveryRequest>): void {
    this.#send(message(DeltaDiscoveryRequest, { node: this.#node, typeUrl: typeUrlOf(type), ...fields }));
    this.#node = undefined; // only the first request of a stream needs it
  }
}

/** A request lists all names; a response with listeners or clusters lists all of them that there are. */
class SotwAdsStream implements AdsStream {
  #node: Node | undefined;
  readonly #send: (request: ClientStreamRequest) => void;
  readonly #asked = new Map<ResourceType, string>();
  readonly #nonces = new Map<ResourceType, string>();

  constructor(node: Node, send: (request: ClientStreamRequest) => void) {
    this.#node = node;
    this.#send = send;
  }

  subscribe(view: AnyView): void {
    const asked = this.#asked.get(view.type);
    if (asked === undefined && !view.wildcard && view.names.size === 0) return;
    if (asked !== this.#namesOf(view)) this.#request(view, {});
  }

  read(response: ClientStreamResponse): ResourceUpdate {
    const { typeUrl, nonce, versionInfo, resources } = response as DiscoveryResponse;
    return {
      typeUrl,
      nonce,
      version: versionInfo,
      resources: resources.map((content) => ({ version: versionInfo, content })),
      removed: 'rest',
    };
  }

  acknowledge(view: AnyView, { nonce, version }: ResourceUpdate, error: string | undefined): void {
    this.#nonces.set(view.type, nonce);
    if (error === undefined) view.acceptedVersion = version;
    this.#request(view, errorDetail(error));
  }

  #namesOf(view: AnyView): string {
    return view.wildcard ? '*' : [...view.names].sort().join('\0');
  }

  #request(view: AnyView, fields: Partial<DiscoveryRequest>): void {
    this.#asked.set(view.type, this.#namesOf(view));
    this.#send(
      message(DiscoveryRequest, {
        node: this.#node,
        typeUrl: typeUrlOf(view.type),
        versionInfo: view.acceptedVersion,
        responseNonce: this.#nonces.get(view.type) ?? '',
        resourceNames: view.wildcard ? [] : [...view.names],
        ...fields,
      }),
    );
    this.#node = undefined;
  }
}

function errorDetail(error: string | undefined) {
  return error === undefined ? {} : { errorDetail: { code: rejected, message: error, details: [] } };
}
