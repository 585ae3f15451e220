import type { Any } from '@evenly/proto/google/protobuf/any';

/** The part of a generated message type that is needed here. */
interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** By type, with each field at its default: to read one anew is most of what a small message would cost. */
const blanks = new WeakMap<object, object>();

/** A message with the given fields set and all others at protobuf's defaults. Lists that are not given are shared: to be read only. */
export function message<T>(type: MessageType<T>, fields: Partial<T>): T {
  let blank = blanks.get(type) as T | undefined;
  if (blank === undefined) {
    blank = type.decode(new Uint8Array(0));
    blanks.set(type, blank as object);
  }
  return { ...blank, ...fields };
}

export function encode<T>(type: MessageType<T>, fields: Partial<T>): Uint8Array {
  return type.encode(message(type, fields)).finish();
}

/** A message packed with its type's URL. */
export function packed<T>(typeName: string, type: MessageType<T>, fields: Partial<T>): Any {
  return { typeUrl: `type.googleapis.com/${typeName}`, value: Buffer.from(encode(type, fields)) };
}
