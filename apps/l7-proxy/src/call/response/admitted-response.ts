import { HeaderBlock, withoutBlanks, type HeaderField } from '@evenly/http2';

export type ResponsePart = 'informational' | 'response' | 'trailers';

/**
 * A response's header block as it goes on to the client: values without the blanks around them (RFC 9113 §8.2.1; Node's
 * client drops whole fields that have some), and no length of content that is never there. The same object where nothing changes.
 */
export function admitResponse(block: HeaderBlock, part: ResponsePart): HeaderBlock {
  // RFC 9110 §8.6: not with 1xx and 204; framing is no matter of trailers (§6.5.1). And a gRPC response that breaks off gets
  // a status from us, which a client would not read that counts bytes.
  const hasNoLength =
    part !== 'response' ||
    block.asResponse().status === 204 ||
    (block.get('content-type')?.startsWith('application/grpc') ?? false);
  const isDropped = ({ name }: HeaderField) => hasNoLength && name === 'content-length';
  const { fields } = block;
  if (!fields.some((one) => isDropped(one) || one.value !== withoutBlanks(one.value))) return block;
  return copyOf(block, fields.filter((one) => !isDropped(one)).map(trimmed));
}

/** A gateway with a clock says when it got the response, if the server has not (RFC 9110 §6.6.1). */
export function withDate(block: HeaderBlock): HeaderBlock {
  if (block.get('date') !== undefined) return block;
  const date = { name: 'date', value: new Date().toUTCString(), sensitive: false };
  return copyOf(block, [...block.fields, date], false);
}

/** Blanks are part of a `grpc-message`, which has a way to write them (gRPC over HTTP/2, "Percent-Encoded"). */
function trimmed(one: HeaderField): HeaderField {
  const value = withoutBlanks(one.value);
  if (value === one.value) return one;
  return { ...one, value: one.name === 'grpc-message' ? encodeEnds(one.value, value) : value };
}

function encodeEnds(whole: string, inner: string): string {
  const encode = (blanks: string) => blanks.replaceAll(' ', '%20').replaceAll('\t', '%09');
  const start = inner === '' ? whole.length : whole.indexOf(inner);
  return encode(whole.slice(0, start)) + inner + encode(whole.slice(start + inner.length));
}

function copyOf(
  { reusable }: HeaderBlock,
  fields: readonly HeaderField[],
  isReusable = reusable,
): HeaderBlock {
  const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
  return new HeaderBlock(fields, listBytes, isReusable);
}
