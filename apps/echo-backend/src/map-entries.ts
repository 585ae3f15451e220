import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type DescriptorProto } from '@bufbuild/protobuf/wkt';

/**
 * Mends the names of map entries in an encoded file descriptor.
 * protobufjs 7 calls the entry message of a map field `statuses` "Statuses"; protobuf demands "StatusesEntry" and Go
 * refuses the whole file otherwise, so that grpcurl could not ask for health.
 */
export function withMapEntryNames(encoded: Buffer): Buffer {
  const file = fromBinary(FileDescriptorProtoSchema, encoded);
  for (const message of file.messageType) mend(message, `.${file.package}.${message.name}`);
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file));
}

function mend(message: DescriptorProto, fullName: string): void {
  for (const nested of message.nestedType) {
    if (!nested.options?.mapEntry || nested.name.endsWith('Entry')) {
      mend(nested, `${fullName}.${nested.name}`);
      continue;
    }
    const wrong = nested.name;
    nested.name = `${wrong}Entry`;
    for (const field of message.field) {
      if (field.typeName === wrong) field.typeName = `${fullName}.${nested.name}`;
    }
  }
}
