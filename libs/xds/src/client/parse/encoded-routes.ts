import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';

/** A route configuration without its virtual hosts, and these as they are encoded. */
export interface EncodedRoutes {
  rest: RouteConfiguration;
  hosts: readonly Uint8Array[];
}

/** `virtual_hosts` of envoy.config.route.v3.RouteConfiguration. */
const virtualHostsField = 2;

/** @throws for what is no such message */
export function splitRoutes(encoded: Uint8Array): EncodedRoutes {
  const reader = new BinaryReader(encoded);
  const hosts: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    if (field === virtualHostsField && type === WireType.LengthDelimited) {
      hosts.push(reader.bytes());
      continue;
    }
    reader.skip(type, field);
    others.push(encoded.subarray(start, reader.pos));
  }
  return { rest: RouteConfiguration.decode(Buffer.concat(others)), hosts };
}
