import type { Any } from '@evenly/proto/google/protobuf/any';

/** The part of a generated message type that is needed here. */
interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** A message with the given fields set and all others at protobuf's defaults. */
export function message<T>(type: MessageType<T>, fields: Partial<T>): T {
  return { ...type.decode(new Uint8Array(0)), ...fields };
}

export function encode<T>(type: MessageType<T>, fields: Partial<T>): Uint8Array {
  return type.encode(message(type, fields)).finish();
}

/** A message packed with its type's URL. */
export function packed<T>(typeName: string, type: MessageType<T>, fields: Partial<T>): Any {
  return { typeUrl: `type.googleapis.com/${typeName}`, value: Buffer.from(encode(type, fields)) };
}
