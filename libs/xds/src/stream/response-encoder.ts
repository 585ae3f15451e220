import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { hashOf, type Resource } from '../resource.ts';
import { typeUrlOf, type ResourceType } from '../resource-type.ts';

/** Encoded responses that are kept, at most, and their bytes; the oldest goes first. */
const maxKept = 256;
const maxKeptBytes = 32 * 1024 * 1024;
/** Names that are gone, in a response that is kept: more are one client's own idea of what there might be. */
const maxKeptRemoved = 100;

/** Protobuf tags (field number << 3 | wire type) of the messages in envoy/service/discovery/v3/discovery.proto. */
const response = { version: 0x0a, resources: 0x12, typeUrl: 0x22, nonce: 0x2a, removed: 0x32 } as const;
const resourceWrapper = { version: 0x0a, resource: 0x12, name: 0x1a } as const;
const any = { typeUrl: 0x0a, value: 0x12 } as const;

/** A response, valid until the next one is encoded: its memory is shared with what other clients are sent. */
export interface EncodedResponse {
  readonly message: Buffer;
  /** The message behind gRPC's length prefix, as it travels. */
  readonly prefixed: Buffer;
}

const prefixBytes = 5;
/** Nonces all have the same length, so that one takes the place of another. */
export const nonceLength = 8;

/**
 * Writes responses. All of a response but its nonce is the same for every client that is to get the same resources, so
 * it is encoded once and kept; the nonce, unique within its stream only, stands at the end (protobuf fields have no
 * order) and is overwritten in place. A copy for each client cost more in garbage than all else that is done for it.
 */
export class ResponseEncoder {
  readonly #kept = new Map<string, EncodedResponse>();
  #keptBytes = 0;

  /** A DiscoveryResponse. @param version of the whole set: same version, same content */
  sotw(type: ResourceType, version: string, resources: readonly Resource[], nonce: string): EncodedResponse {
    const shared = this.#shared(`sotw ${type} ${version}`, () => {
      const writer = new BinaryWriter().uint32(response.version).string(version);
      for (const item of resources) writeAny(writer.uint32(response.resources), item);
      return writer.uint32(response.typeUrl).string(typeUrlOf(type));
    });
    return withNonce(shared, nonce);
  }

  /** A DeltaDiscoveryResponse. */
  delta(
    type: ResourceType,
    version: string,
    resources: readonly Resource[],
    removed: readonly string[],
    nonce: string,
  ): EncodedResponse {
    const key = removed.length === 0 ? version : `${version} less ${hashOf(removed.join('\n'))}`;
    const write = () => {
      const writer = new BinaryWriter().uint32(response.version).string(version);
      for (const item of resources) {
        writer.uint32(response.resources).fork();
        writer.uint32(resourceWrapper.version).string(item.version);
        writeAny(writer.uint32(resourceWrapper.resource), item);
        writer.uint32(resourceWrapper.name).string(item.name).join();
      }
      for (const name of removed) writer.uint32(response.removed).string(name);
      return writer.uint32(response.typeUrl).string(typeUrlOf(type));
    };
    if (removed.length > maxKeptRemoved) return withNonce(withRoomForNonce(write().finish()), nonce);
    return withNonce(this.#shared(`delta ${type} ${key}`, write), nonce);
  }

  #shared(key: string, write: () => BinaryWriter): EncodedResponse {
    let shared = this.#kept.get(key);
    if (shared === undefined) {
      shared = withRoomForNonce(write().finish());
      this.#keep(key, shared);
    }
    return shared;
  }

  #keep(key: string, added: EncodedResponse): void {
    this.#keptBytes += added.prefixed.length;
    this.#kept.set(key, added);
    for (const [oldest, { prefixed }] of this.#kept) {
      if (this.#kept.size <= maxKept && this.#keptBytes <= maxKeptBytes) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= prefixed.length;
    }
  }
}

function writeAny(writer: BinaryWriter, { type, encoded }: Resource): void {
  writer.fork().uint32(any.typeUrl).string(typeUrlOf(type)).uint32(any.value).bytes(encoded).join();
}

function withRoomForNonce(content: Uint8Array): EncodedResponse {
  const length = content.length + 2 + nonceLength;
  const prefixed = Buffer.alloc(prefixBytes + length);
  prefixed.writeUInt32BE(length, 1);
  prefixed.set(content, prefixBytes);
  prefixed[prefixBytes + content.length] = response.nonce;
  prefixed[prefixBytes + content.length + 1] = nonceLength;
  return { prefixed, message: prefixed.subarray(prefixBytes) };
}

function withNonce(shared: EncodedResponse, nonce: string): EncodedResponse {
  const { prefixed } = shared;
  const at = prefixed.length - nonceLength;
  // A call of node's for so few bytes takes longer, and there is one for each client.
  for (let index = 0; index < nonceLength; index++) prefixed[at + index] = nonce.charCodeAt(index);
  return shared;
}
