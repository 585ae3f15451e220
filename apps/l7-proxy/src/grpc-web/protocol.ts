import { HeaderBlock, type HeaderField } from '@evenly/http2';

/**
 * gRPC-Web (PROTOCOL-WEB.md of grpc): gRPC for browsers, which see no trailers. They come as a last message in the body,
 * and the whole body may be base64, for clients that can only read text.
 */
export type WebEncoding = 'binary' | 'text';

/**
 * Of an `application/grpc-web` or `application/grpc-web-text` request; undefined for any other. Base64 is the only form of
 * text there is, so it need not be named.
 */
export function webEncodingOf(contentType: string | undefined): WebEncoding | undefined {
  const match = /^[ \t]*application\/grpc-web(-text(?:-base64)?)?($|[+; \t])/i.exec(contentType ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? 'binary' : 'text';
}

/** Of the response: a page that can only read text says so in `accept`, whatever it has sent. */
export function responseEncodingOf(accept: string | undefined, ofRequest: WebEncoding): WebEncoding {
  return /(^|[, \t])application\/grpc-web-text/i.test(accept ?? '') ? 'text' : ofRequest;
}

/** `application/grpc-web-text+proto` → `application/grpc+proto` */
const toGrpc = (contentType: string) =>
  contentType.replace(/^[ \t]*application\/grpc-web(-text(?:-base64)?)?/i, 'application/grpc');

/** `application/grpc+proto` → `application/grpc-web+proto`, or with `-text`. */
export const toWeb = (contentType: string, encoding: WebEncoding) =>
  contentType.replace(/^application\/grpc/i, `application/grpc-web${encoding === 'text' ? '-text' : ''}`);

/** Between the browser and us only. The length is another once the body is translated. */
const hopFields: ReadonlySet<string> = new Set([
  'content-length',
  'x-grpc-web',
  'accept',
  'accept-encoding',
  'te',
]);

/** A gRPC-Web request's headers as those of the gRPC request that it means. */
export function grpcRequestOf(block: HeaderBlock): HeaderBlock {
  const fields = block.fields
    .filter(({ name }) => !hopFields.has(name))
    .map((one) => (one.name === 'content-type' ? field(one.name, toGrpc(one.value)) : one));
  fields.push(field('te', 'trailers'));
  return new HeaderBlock(fields, block.listBytes, false);
}

const trailerFlag = 0x80;

/** Trailers as the last message of a body: flag, length, `name: value` lines. */
export function trailerMessage(trailers: readonly HeaderField[]): Buffer {
  const lines = trailers.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  const text = Buffer.from(lines, 'latin1');
  const head = Buffer.alloc(5);
  head[0] = trailerFlag;
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

/** Base64 that comes in pieces; each message, or any other piece, may end in padding of its own. */
export class Base64Decoder {
  #rest = '';

  /** @throws Error when this is no base64 */
  decode(bytes: Buffer): Buffer {
    const text = this.#rest + bytes.toString('latin1');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    const groups = text.slice(0, whole);
    if (!/^[A-Za-z0-9+/=]*$/.test(groups)) throw new Error('not base64');
    // Buffer's own decoder stops at the first padding.
    const parts = groups.match(/[^=]*=*/g)!.filter((part) => part !== '');
    if (parts.some((part) => part.length % 4 > 0 || part.endsWith('==='))) throw new Error('not base64');
    return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
  }

  /** @throws Error when the body ended in the middle of a group */
  end(): void {
    if (this.#rest !== '') throw new Error('base64 ends too early');
  }
}

const field = (name: string, value: string): HeaderField => ({ name, value, sensitive: false });
